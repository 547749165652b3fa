using System.Net.WebSockets;

namespace ChatKit;

/// <summary>Describes how a connection ended.</summary>
/// <param name="Code">
/// The status code of the side that closed first (RFC 6455 section 7.4); 1005 if the client's close frame had no code; 1006 if the
/// connection was lost without a close frame.
/// </param>
/// <param name="Reason">The reason sent with the code; null if there was none.</param>
/// <param name="WasClean">
/// Whether both sides sent a close frame (RFC 6455 section 7.1.4). Always false after 1002, 1007 and 1009, even if the client answered,
/// because the client violated the protocol.
/// </param>
/// <param name="Exception">
/// The error that ended the connection: an exception of the handler (1011), a protocol violation by the client (1002, 1007, 1009), or a
/// failure of the transport (1006). Null if the connection ended without an error.
/// </param>
public sealed record CloseInfo(WebSocketCloseStatus Code, string? Reason, bool WasClean, Exception? Exception = null)
{
    /// <summary>1006: the connection was lost without a close frame (RFC 6455 section 7.1.5). This code is never sent.</summary>
    internal const WebSocketCloseStatus Abnormal = (WebSocketCloseStatus)1006;
}

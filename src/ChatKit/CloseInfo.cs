using System.Net.WebSockets;

namespace ChatKit;

/// <summary>How a connection ended.</summary>
/// <param name="Code">
/// The status code of whichever side closed first (RFC 6455 section 7.4); 1005 if the client's close frame had none, 1006 if the
/// connection was lost without a close frame.
/// </param>
/// <param name="Reason">The reason given with the code; null if none was.</param>
/// <param name="WasClean">
/// Whether both sides have sent a close frame (RFC 6455 section 7.1.4). Never so after 1002, 1007 and 1009, although the client may have
/// answered: it broke the protocol.
/// </param>
/// <param name="Exception">
/// What ended the connection if it was a fault: what the handler threw (1011), what the client did wrong (1002, 1007, 1009), or the
/// failure of the transport (1006). Otherwise null.
/// </param>
public sealed record CloseInfo(WebSocketCloseStatus Code, string? Reason, bool WasClean, Exception? Exception = null)
{
    /// <summary>1006, the connection was lost without a close frame (RFC 6455 section 7.1.5). Never sent.</summary>
    internal const WebSocketCloseStatus Abnormal = (WebSocketCloseStatus)1006;
}

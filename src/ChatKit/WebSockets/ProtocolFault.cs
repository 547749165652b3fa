using System.Net.WebSockets;

namespace ChatKit.WebSockets;

/// <summary>A client's violation of the protocol.</summary>
/// <param name="Code">1002, 1007 or 1009.</param>
/// <param name="Problem">The description, for people.</param>
internal sealed record ProtocolFault(WebSocketCloseStatus Code, string Problem)
{
    public static ProtocolFault Utf8 { get; } = new(WebSocketCloseStatus.InvalidPayloadData, "text is not valid UTF-8");

    public static ProtocolFault Deflate { get; } = new(WebSocketCloseStatus.InvalidPayloadData, "invalid compressed data");

    public static ProtocolFault TooBig { get; } = new(WebSocketCloseStatus.MessageTooBig, "message too big");

    public static ProtocolFault Breach(string problem) => new(WebSocketCloseStatus.ProtocolError, problem);
}

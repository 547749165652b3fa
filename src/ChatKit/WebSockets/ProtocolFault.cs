using System.Net.WebSockets;

namespace ChatKit.WebSockets;

/// <summary>What a client has done wrong.</summary>
/// <param name="Code">1002, 1007 or 1009.</param>
/// <param name="Problem">What is wrong, for people.</param>
internal sealed record ProtocolFault(WebSocketCloseStatus Code, string Problem)
{
    public static ProtocolFault Utf8 { get; } = new(WebSocketCloseStatus.InvalidPayloadData, "a text is not UTF-8");

    public static ProtocolFault Deflate { get; } = new(WebSocketCloseStatus.InvalidPayloadData, "a compressed message cannot be inflated");

    public static ProtocolFault TooBig { get; } = new(WebSocketCloseStatus.MessageTooBig, "the message is too big");

    public static ProtocolFault Breach(string problem) => new(WebSocketCloseStatus.ProtocolError, problem);
}

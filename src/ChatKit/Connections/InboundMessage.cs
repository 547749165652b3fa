namespace ChatKit.Connections;

/// <summary>A message for the handler, and what its client calls it; null if it has not named it.</summary>
internal readonly record struct InboundMessage(WebSocketMessage Message, string? Ref = null)
{
    public static implicit operator InboundMessage(WebSocketMessage message) => new(message);
}

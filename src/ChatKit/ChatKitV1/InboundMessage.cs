namespace ChatKit.ChatKitV1;

/// <summary>What a client has sent that is dealt with in its turn.</summary>
/// <param name="Message">A message for the handler.</param>
/// <param name="Ref">What its client calls it; null if it has not named it.</param>
/// <param name="IsSupported">Whether it is a message; if not, it is something that can only be refused.</param>
internal readonly record struct InboundMessage(WebSocketMessage Message, string? Ref = null, bool IsSupported = true)
{
    public static implicit operator InboundMessage(WebSocketMessage message) => new(message);
}

namespace ChatKit.ChatKitV1;

/// <summary>A frame of a client that is handled in its turn.</summary>
/// <param name="Message">The message for the handler, if there is no request.</param>
/// <param name="Ref">The ref that the client has given the frame; null if none.</param>
/// <param name="Request">A request that is not a message for the handler; null for a message.</param>
internal readonly record struct InboundMessage(WebSocketMessage Message, string? Ref = null, ClientRequest? Request = null)
{
    /// <summary>Whether the frame stores something: a message, or a change of one. Such frames keep their order.</summary>
    public bool IsStored => Request is null or ClientRequest.Edit or ClientRequest.Delete;

    public static implicit operator InboundMessage(WebSocketMessage message) => new(message);
}

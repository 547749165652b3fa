namespace ChatKit;

/// <summary>The WebSocket subprotocols that ChatKit implements (RFC 6455 section 1.9).</summary>
public static class ChatKitSubprotocol
{
    /// <summary>
    /// <c>chatkit.v1</c>: one JSON object per text frame, with positions, acknowledgements and gaps, so that a client can resume. Without a
    /// subprotocol, a text message is sent as plain text.
    /// </summary>
    public const string V1 = "chatkit.v1";
}

using ChatKit.Protocol;

namespace ChatKit.Rooms;

/// <summary>The frames of one message, made when somebody needs them, and once for all.</summary>
internal sealed class MessageFrames
{
    private byte[]? _plain;
    private byte[]? _compressed;

    public MessageFrames()
    {
    }

    public MessageFrames(byte[] plain) => _plain = plain;

    /// <param name="message">The message whose frames these are.</param>
    /// <param name="compress">Whether the client has agreed to compression; not every message is worth it.</param>
    public byte[] Get(ChatMessage message, bool compress) => compress ? Compressed(message) : Plain(message);

    // Two threads may both make a frame: they make the same, and either will do.
    private byte[] Plain(ChatMessage message) => _plain ??= WebSocketFrame.Create(message.Type, message.Data.Span, out _);

    private byte[] Compressed(ChatMessage message) =>
        _compressed ??= MessageDeflate.Frame(message.Type, message.Data.Span) ?? Plain(message);
}

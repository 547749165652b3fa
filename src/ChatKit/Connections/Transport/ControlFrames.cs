using ChatKit.WebSockets;

namespace ChatKit.Connections.Transport;

/// <summary>
/// The ping and the pongs that wait to be written. They overtake other frames. Only the latest few pongs are kept (RFC 6455 section 5.5.3),
/// so that a flood of pings does not fill memory.
/// </summary>
internal struct ControlFrames
{
    /// <summary>The maximum size of waiting pongs, in bytes: 16 pongs of maximum length.</summary>
    private const int PongLimit = 16 * (2 + WebSocketFrame.MaxControlPayload);

    private ReadOnlyMemory<byte> _ping;
    private ReadOnlyMemory<byte> _pongs;

    public readonly int Length => _ping.Length + _pongs.Length;

    public readonly bool HasPing => !_ping.IsEmpty;

    /// <summary>Sets the ping. Replaces one that is still waiting.</summary>
    public void SetPing(ReadOnlyMemory<byte> frame) => _ping = frame;

    public void AddPong(ReadOnlyMemory<byte> frame) =>
        _pongs = _pongs.IsEmpty || _pongs.Length + frame.Length > PongLimit ? frame : (byte[])[.. _pongs.Span, .. frame.Span];

    /// <summary>Moves all frames to the start of a buffer.</summary>
    public void MoveTo(Span<byte> buffer)
    {
        _pongs.Span.CopyTo(buffer);
        _ping.Span.CopyTo(buffer[_pongs.Length..]);
        _ping = _pongs = default;
    }
}

internal enum Control
{
    Ping,

    Pong,

    /// <summary>The close frame. Nothing is sent after it.</summary>
    Last,
}

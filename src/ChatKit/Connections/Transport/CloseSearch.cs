using System.Buffers;
using ChatKit.WebSockets;

namespace ChatKit.Connections.Transport;

/// <summary>
/// Looks for the close frame of a client that has broken the protocol. Skips all other frames, valid or not, and stores nothing. It never
/// guesses: it does not search inside a frame, and finds nothing after a frame that does not end.
/// </summary>
/// <param name="fault">The client's violation of the protocol.</param>
/// <param name="rest">The number of bytes of the faulty frame's payload that are still to come.</param>
/// <param name="isFound">Whether the faulty frame was a close frame. No other close frame follows it.</param>
internal sealed class CloseSearch(ProtocolFault fault, long rest, bool isFound)
{
    private long _rest = rest;
    private bool _inClose = isFound;

    public ProtocolFault Fault => fault;

    /// <summary>Whether a complete close frame has arrived.</summary>
    public bool IsFound => _inClose && _rest == 0;

    /// <summary>Skips the bytes that have arrived, and advances the buffer. Returns <see cref="IsFound"/>.</summary>
    public bool Read(ref ReadOnlySequence<byte> buffer)
    {
        while (true)
        {
            var count = Math.Min(_rest, buffer.Length);
            buffer = buffer.Slice(count);
            _rest -= count;
            if (_rest > 0)
                return false;
            if (_inClose)
                return true;
            if (!ClientFrameHeader.TrySkip(ref buffer, out _rest, out _inClose))
                return false;
        }
    }
}

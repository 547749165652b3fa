using System.Buffers;
using ChatKit.WebSockets;

namespace ChatKit.Connections.Inbound;

/// <summary>
/// Looks for the close frame of a client that has broken the protocol. Passes over all other frames, right or wrong, and keeps nothing of
/// them. It never guesses: bytes within a frame are not searched, and behind a frame that does not end nothing is found.
/// </summary>
/// <param name="rest">How many bytes of the faulty frame's payload are yet to come.</param>
/// <param name="isFound">Whether the fault itself was in a close frame: no other follows it.</param>
internal sealed class CloseSearch(long rest, bool isFound)
{
    private long _rest = rest;
    private bool _inClose = isFound;

    /// <summary>Passes over what has come, and moves the buffer behind it. Returns true once a close frame has come whole.</summary>
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

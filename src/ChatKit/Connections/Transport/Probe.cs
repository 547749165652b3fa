using System.Buffers.Binary;
using ChatKit.WebSockets;

namespace ChatKit.Connections.Transport;

/// <summary>A ping that is identified by its pong. Its payload is random, so that no other pong matches it.</summary>
internal sealed class Probe
{
    private readonly TaskCompletionSource<bool> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _payload = new byte[sizeof(long)];

    public Probe()
    {
        BinaryPrimitives.WriteInt64LittleEndian(_payload, Random.Shared.NextInt64());
        Ping = WebSocketFrame.Control(WebSocketFrame.PingOpcode, _payload);
    }

    public ReadOnlyMemory<byte> Ping { get; }

    public void TryAnswer(ReadOnlySpan<byte> pong)
    {
        if (pong.SequenceEqual(_payload))
            _answered.TrySetResult(true);
    }

    /// <summary>Completes the wait, because no pong will arrive or be read.</summary>
    public void GiveUp() => _answered.TrySetResult(false);

    /// <summary>Waits for the pong. Returns false if it does not arrive in time, or will not arrive.</summary>
    public async ValueTask<bool> WaitAsync(TimeSpan timeout, TimeProvider clock)
    {
        try
        {
            return await _answered.Task.WaitAsync(timeout, clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}

using System.Buffers.Binary;
using ChatKit.Protocol;

namespace ChatKit.Connections;

/// <summary>A ping that is recognised by its pong: its payload is random, so that no pong sent for another reason is taken for it.</summary>
internal sealed class Probe
{
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
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
            _answered.TrySetResult();
    }

    /// <summary>Waits for the pong. False if it has not come in time.</summary>
    public async ValueTask<bool> WaitAsync(TimeSpan timeout, TimeProvider clock)
    {
        try
        {
            await _answered.Task.WaitAsync(timeout, clock).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}

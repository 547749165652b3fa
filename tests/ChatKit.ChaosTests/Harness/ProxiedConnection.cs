using System.Net;
using System.Net.Sockets;

namespace ChatKit.ChaosTests.Harness;

/// <summary>One connection through a <see cref="FaultyProxy"/>.</summary>
internal sealed class ProxiedConnection(Socket client) : IDisposable
{
    private const long Never = long.MaxValue;

    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = SmallBuffers.Size, NoDelay = true };
    private readonly Flow _up = new();
    private readonly Flow _down = new();

    /// <summary>Resets the connection after some more bytes in one direction.</summary>
    public void CutAfter(int bytes, bool towardsServer) => Volatile.Write(ref (towardsServer ? _up : _down).Left, bytes);

    /// <summary>Stalls one direction for a while.</summary>
    public void Stall(TimeSpan time, bool towardsServer) => (towardsServer ? _up : _down).Gate = Task.Delay(time);

    /// <summary>Ends the connection with a reset, as if the network had failed.</summary>
    public void Dispose()
    {
        client.Reset();
        _server.Reset();
    }

    public async Task RunAsync(int target)
    {
        try
        {
            client.NoDelay = true;
            await _server.ConnectAsync(IPAddress.Loopback, target);
            var pumps = new[] { PumpAsync(client, _server, _up), PumpAsync(_server, client, _down) };
            await await Task.WhenAny(pumps);
            Dispose();
            await Task.WhenAll(pumps);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Dispose();
        }
    }

    private static async Task PumpAsync(Socket from, Socket to, Flow flow)
    {
        var buffer = new byte[SmallBuffers.Size];
        try
        {
            while (await from.ReceiveAsync(buffer) is var count and > 0)
            {
                await flow.Gate;
                var left = Volatile.Read(ref flow.Left);
                for (var sent = 0; sent < Math.Min(count, left);)
                    sent += await to.SendAsync(buffer.AsMemory(sent, (int)Math.Min(count, left) - sent));
                if (count >= left)
                    return;
                if (left != Never)
                    Interlocked.Add(ref flow.Left, -count);
            }

            // Bytes that were sent before the end still arrive.
            to.Shutdown(SocketShutdown.Send);
            await Task.Delay(TimeSpan.FromSeconds(1));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Either end can disappear at any time, which is intended.
        }
    }

    /// <summary>One direction.</summary>
    private sealed class Flow
    {
        public long Left = Never;

        public volatile Task Gate = Task.CompletedTask;
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ChatKit.ChaosTests.Harness;

/// <summary>A network between clients and one node, which can stall, or be cut anywhere in a frame.</summary>
internal sealed class FaultyProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<ProxiedConnection, Task> _connections = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly int _target;
    private readonly Task _accepting;

    /// <param name="target">The port of the node.</param>
    public FaultyProxy(int target)
    {
        _target = target;
        _listener.Server.SendBufferSize = SmallBuffers.Size;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The open connections, in no particular order.</summary>
    public ICollection<ProxiedConnection> Connections => _connections.Keys;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        foreach (var (connection, running) in _connections)
        {
            connection.Dispose();
            await running;
        }

        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stopping.Token);
                var connection = new ProxiedConnection(client);
                _connections[connection] = RunAsync(connection);
            }
        }
        catch (OperationCanceledException)
        {
            // The proxy has been stopped.
        }
    }

    private async Task RunAsync(ProxiedConnection connection)
    {
        await Task.Yield();
        await connection.RunAsync(_target);
        _connections.TryRemove(connection, out _);
    }
}

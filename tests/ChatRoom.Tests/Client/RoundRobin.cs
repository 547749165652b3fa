using System.Net;
using System.Net.Sockets;

namespace ChatRoom.Tests.Client;

/// <summary>A load balancer, which connects each client to the next node that accepts connections.</summary>
internal sealed class RoundRobin : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int[] _ports;
    private readonly Task _accepting;
    private int _next;
    private volatile int _avoided;

    public RoundRobin(params int[] ports)
    {
        _ports = ports;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Uses a node only if no other accepts connections; 0 for none.</summary>
    public void Avoid(int port) => _avoided = port;

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = RunAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (SocketException)
        {
            // The balancer has been stopped.
        }
        catch (ObjectDisposedException)
        {
            // As above.
        }
    }

    private async Task RunAsync(TcpClient client)
    {
        using var self = client;
        var first = _next++;
        foreach (var port in _ports.Select((_, i) => _ports[(first + i) % _ports.Length]).OrderBy(port => port == _avoided))
        {
            using var node = new TcpClient { NoDelay = true };
            try
            {
                await node.ConnectAsync(IPAddress.Loopback, port);
            }
            catch (SocketException)
            {
                continue;
            }

            client.NoDelay = true;
            await Task.WhenAll(PumpAsync(client, node), PumpAsync(node, client));
            return;
        }
    }

    /// <summary>Passes on the end of one direction, so that what the other side still sends arrives.</summary>
    private static async Task PumpAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream());
            to.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            from.Close();
            to.Close();
        }
    }
}

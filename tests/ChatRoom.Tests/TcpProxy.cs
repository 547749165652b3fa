using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ChatRoom.Tests;

/// <summary>A proxy between a page and its server, which behaves like a load balancer or a bad network.</summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<Link> _links = [];
    private readonly Task _accepting;

    private TcpProxy(Uri server)
    {
        Server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The target of new connections.</summary>
    public Uri Server { get; set; }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public static TcpProxy Start(Uri server) => new(server);

    /// <summary>Stalls the existing WebSockets. They stay open.</summary>
    public void StopForwarding()
    {
        foreach (var link in _links.Where(link => link.IsWebSocket))
            link.IsSilent = true;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        foreach (var link in _links)
            link.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                _links.Add(new Link(client, Server));
            }
        }
        catch (SocketException)
        {
            // The proxy has been stopped.
        }
        catch (ObjectDisposedException)
        {
            // As above.
        }
    }

    private sealed class Link : IDisposable
    {
        private readonly TcpClient _client;
        private readonly TcpClient _server = new();
        private volatile bool _isWebSocket;
        private volatile bool _isSilent;

        public Link(TcpClient client, Uri server)
        {
            _client = client;
            _ = RunAsync(server);
        }

        public bool IsWebSocket => _isWebSocket;

        public bool IsSilent
        {
            set => _isSilent = value;
        }

        public void Dispose()
        {
            _client.Dispose();
            _server.Dispose();
        }

        private async Task RunAsync(Uri server)
        {
            try
            {
                await _server.ConnectAsync(server.Host, server.Port);
                await Task.WhenAny(PumpAsync(_client, _server), PumpAsync(_server, _client));
            }
            catch (SocketException)
            {
                // The target does not accept connections.
            }

            Dispose();
        }

        private async Task PumpAsync(TcpClient from, TcpClient to)
        {
            try
            {
                var buffer = new byte[16 * 1024];
                while (await from.GetStream().ReadAsync(buffer) is > 0 and var count)
                {
                    if (buffer.AsSpan(0, count).IndexOf("Upgrade: websocket"u8) >= 0)
                        _isWebSocket = true;
                    if (!_isSilent)
                        await to.GetStream().WriteAsync(buffer.AsMemory(0, count));
                }
            }
            catch (IOException)
            {
                // One side has ended the connection, so end the other side too.
            }
        }
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>
/// A server that echoes. A subclass determines how it receives frames. Its clock stands still, because no requirement of the RFCs needs a
/// time-out.
/// </summary>
public abstract class EchoServer : IAsyncLifetime
{
    public const int MaxMessageSize = 1024 * 1024;

    private readonly ConcurrentDictionary<string, Script> _scripts = new();
    private ChatServer? _server;
    private int _clients;

    /// <summary>The subprotocols of the endpoint, in order of preference.</summary>
    public static IReadOnlyList<string> Subprotocols { get; } = ["echo.v2", "echo.v1"];

    public async ValueTask InitializeAsync() => _server = await ChatServer.StartAsync(
        app =>
        {
            Map(app, "/echo/{room}", compression: false);
            Map(app, "/deflate/{room}", compression: true);
        },
        builder =>
        {
            builder.Services.AddSingleton(_scripts).AddSingleton<TimeProvider>(new StoppedClock());
            Build(builder);
        },
        Listen);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_server is not null)
            await _server.DisposeAsync();
        Certificate?.Dispose();
    }

    /// <summary>Connects without starting the handshake.</summary>
    internal Task<RawClient> ConnectRawAsync() => _server!.ConnectRawAsync(Certificate);

    /// <summary>Returns a new room for a client, so that the test can identify its handler.</summary>
    internal (string Room, Script Script) NewRoom()
    {
        var room = Interlocked.Increment(ref _clients).ToString(CultureInfo.InvariantCulture);
        return (room, _scripts[room] = new Script());
    }

    /// <param name="early">Bytes to send in the same segment as the handshake.</param>
    /// <param name="extensions">The extensions that the client offers; null to use the endpoint without compression.</param>
    internal async Task<EchoClient> ConnectAsync(byte[] early, string? extensions = null)
    {
        var (room, script) = NewRoom();
        var client = await ConnectRawAsync();
        if (extensions is null)
            await client.OpenAsync("/echo/" + room, early);
        else
            await client.OpenAsync("/deflate/" + room, early, "Sec-WebSocket-Extensions: " + extensions);
        return new EchoClient(client, script);
    }

    /// <summary>The certificate of the listener; null if it has none.</summary>
    protected virtual X509Certificate2? Certificate => null;

    protected virtual void Build(WebApplicationBuilder builder)
    {
    }

    protected virtual void Configure(WebSocketEndpointOptions options)
    {
    }

    protected virtual void Listen(ListenOptions options)
    {
    }

    private void Map(WebApplication app, string pattern, bool compression) => app.MapWebSocketHandler<EchoHandler>(pattern, options =>
    {
        options.MaxMessageSize = MaxMessageSize;
        options.EnableCompression = compression;
        options.Subprotocols = [.. Subprotocols];
        Configure(options);
    });

    private sealed class EchoHandler(ConcurrentDictionary<string, Script> scripts) : WebSocketHandler
    {
        private Script Script => scripts[Room];

        protected override ValueTask OnOpenAsync() => Script.OnOpenAsync(Connection);

        protected override ValueTask OnMessageAsync(WebSocketMessage message)
        {
            Script.Calls.Enqueue("message");
            return message.Type == WebSocketMessageType.Text ? SendAsync(message.Text) : SendAsync(message.Data);
        }

        protected override ValueTask OnCloseAsync(CloseInfo close) => Script.OnCloseAsync(close);
    }
}

using System.Reflection;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ChatRoom.Tests.Client;

/// <summary>A chatkit.v1 server whose frames are scripted by a test, valid or invalid. It also serves the browser client and an empty page.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    public static readonly string ClientFolder = typeof(ScriptedServer).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Client").Value!;

    private readonly WebApplication _app;
    private readonly Channel<ScriptedConnection> _connections = Channel.CreateUnbounded<ScriptedConnection>();
    private readonly Channel<ScriptedRequest> _requests = Channel.CreateUnbounded<ScriptedRequest>();
    private readonly List<string> _attempts = [];

    private ScriptedServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.UseWebSockets();
        _app.MapGet("/", () => Results.Content("<!doctype html><title>chatkit.js</title>", "text/html"));
        MapClient(_app);
        _app.Map("/chat/{room}", AnswerAsync);
    }

    public Uri Address => new(_app.Urls.First());

    /// <summary>Whether to leave the next handshakes unanswered.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Whether a proxy on the way breaks WebSockets.</summary>
    public bool BreaksWebSockets { get; set; }

    /// <summary>Whether the endpoint offers event streams and polls.</summary>
    public bool OffersHttp { get; set; }

    /// <summary>The number of received handshakes.</summary>
    public int Handshakes { get; private set; }

    /// <summary>How the client has tried to connect: the names of the transports.</summary>
    public IReadOnlyList<string> Attempts
    {
        get
        {
            lock (_attempts)
                return [.. _attempts];
        }
    }

    public static async Task<ScriptedServer> StartAsync()
    {
        var server = new ScriptedServer();
        await server._app.StartAsync().Soon();
        return server;
    }

    /// <summary>Returns the next connection of the client.</summary>
    public Task<ScriptedConnection> AcceptAsync() => _connections.Reader.ReadAsync().AsTask().Soon();

    /// <summary>Returns the next request of the client that is not a handshake.</summary>
    public Task<ScriptedRequest> ReceiveAsync() => _requests.Reader.ReadAsync().AsTask().Soon();

    /// <summary>Returns the next request, which opens an event stream.</summary>
    public async Task<ScriptedRequest> AcceptStreamAsync()
    {
        var request = await ReceiveAsync();
        Assert.Equal("eventsource", request.Transport);
        await request.OpenStreamAsync();
        return request;
    }

    /// <summary>Returns the next event stream, which is live in the lobby.</summary>
    public async Task<ScriptedRequest> AcceptLiveStreamAsync(string position = "e:1", int limit = 65536)
    {
        var stream = await AcceptStreamAsync();
        await stream.SendAsync($$"""{"type":"welcome","connection":"s","room":"lobby","user":"ann","ping":20,"limit":{{limit}},"token":"proof"}""");
        await stream.SendAsync(ScriptedRequest.Live(position));
        return stream;
    }

    /// <summary>Returns the next connection of the client, which is live in the lobby.</summary>
    /// <param name="position">The last position in the lobby.</param>
    public async Task<ScriptedConnection> AcceptLiveAsync(string position = "e:1")
    {
        var connection = await AcceptAsync();
        await connection.WelcomeAsync();
        await connection.SendLiveAsync(position);
        await connection.PingAsync();
        return connection;
    }

    /// <summary>Serves the modules of the browser client.</summary>
    public static void MapClient(WebApplication app)
    {
        foreach (var name in new[] { "chatkit.js", "chatkit.fallback.js" })
            app.MapGet("/" + name, () => Results.File(Path.Combine(ClientFolder, name), "text/javascript"));
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var isHandshake = context.WebSockets.IsWebSocketRequest;
        var request = new ScriptedRequest(context);
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            lock (_attempts)
                _attempts.Add(isHandshake ? "websocket" : request.Transport);
        }

        if (isHandshake)
            Handshakes++;
        if (IsSilent)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        if (isHandshake && BreaksWebSockets)
        {
            context.Abort();
            return;
        }

        if (!isHandshake && !OffersHttp)
        {
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            return;
        }

        if (!isHandshake)
        {
            await request.ReadAsync();
            _requests.Writer.TryWrite(request);
            await request.Answered;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync("chatkit.v1");
        var connection = new ScriptedConnection(context, socket);
        _connections.Writer.TryWrite(connection);
        await connection.ReadAsync();
    }
}

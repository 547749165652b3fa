using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ChatKit.Client.Tests.Fixtures;

/// <summary>A server whose frames are scripted by a test. It answers all that isn't a handshake with a status.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<ScriptedConnection> _connections = Channel.CreateUnbounded<ScriptedConnection>();
    private readonly ConcurrentBag<ScriptedConnection> _all = [];
    private int _handshakes;

    private ScriptedServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(AnswerAsync);
    }

    public Uri Address => new($"{_app.Urls.Single()}/chat/lobby");

    /// <summary>The status that the next handshakes are answered with; null to accept them.</summary>
    public int? Status { get; set; }

    public int Handshakes => _handshakes;

    public static async Task<ScriptedServer> StartAsync()
    {
        var server = new ScriptedServer();
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Waits for the next connection of the client.</summary>
    public Task<ScriptedConnection> AcceptAsync() => _connections.Reader.ReadAsync().AsTask().Soon();

    /// <summary>Waits for the next connection of the client and sends welcome.</summary>
    public async Task<ScriptedConnection> WelcomeAsync(string more = "", double ping = 20)
    {
        var connection = await AcceptAsync();
        await connection.SendAsync($$"""{"type":"welcome","connection":"c{{_handshakes}}","room":"lobby","ping":{{ping}},"limit":1024{{more}}}""");
        return connection;
    }

    /// <summary>Waits for the next connection of the client, which is then live in its home room.</summary>
    public async Task<ScriptedConnection> LiveAsync(string position = "e:1", string more = "")
    {
        var connection = await WelcomeAsync(more);
        await connection.SendLiveAsync(position);
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        _connections.Writer.Complete();
        foreach (var connection in _all)
            connection.Abort();
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref _handshakes);
        if (!context.WebSockets.IsWebSocketRequest || Status is not null)
        {
            context.Response.StatusCode = Status ?? StatusCodes.Status426UpgradeRequired;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync("chatkit.v1");
        var connection = new ScriptedConnection(socket, context.Request);
        _all.Add(connection);
        if (_connections.Writer.TryWrite(connection))
            await connection.Over;
    }
}

/// <summary>The server's end of a connection.</summary>
internal sealed class ScriptedConnection(WebSocket socket, HttpRequest handshake)
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Over => _over.Task;

    /// <summary>The positions from which the client resumed.</summary>
    public string[] After { get; } = [.. handshake.Query["after"].OfType<string>().Order()];

    public string[] Former { get; } = [.. handshake.Query["connection"].OfType<string>()];

    public string Authorization { get; } = handshake.Headers.Authorization.ToString();

    public Task SendAsync(string frame) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text, true, CancellationToken.None).Soon();

    public Task SendMessageAsync(string position, string data, string room = "lobby") => SendAsync(
        $$"""{"type":"message","room":"{{room}}","position":"{{position}}","at":"2026-11-22T18:00:00Z","data":"{{data}}"}""");

    public Task SendLiveAsync(string position, string room = "lobby") =>
        SendAsync($$"""{"type":"live","room":"{{room}}","position":"{{position}}","recovered":true}""");

    public Task SendAckAsync(string? reference, string? position = null) => SendAsync(
        position is null
            ? $$"""{"type":"ack","ref":"{{reference}}"}"""
            : $$"""{"type":"ack","ref":"{{reference}}","room":"lobby","position":"{{position}}"}""");

    public Task SendErrorAsync(string? reference, string code, string more = "") =>
        SendAsync($$"""{"type":"error","ref":"{{reference}}","code":"{{code}}","text":"why"{{more}}}""");

    /// <summary>Returns the next frame of the client.</summary>
    public async Task<JsonElement> ReceiveAsync()
    {
        var buffer = new byte[8192];
        var result = await socket.ReceiveAsync(buffer, CancellationToken.None).Soon();
        Assert.Equal(WebSocketMessageType.Text, result.MessageType);
        return JsonElement.Parse(buffer.AsSpan(0, result.Count));
    }

    /// <summary>Returns the ref of the next frame of the client, which has a type, and perhaps this text.</summary>
    public async Task<string> ReceiveAsync(string type, string? data = null)
    {
        var frame = await ReceiveAsync();
        Assert.Equal(type, frame.GetProperty("type").GetString());
        if (data is not null)
            Assert.Equal(data, frame.GetProperty("data").GetString());
        return frame.TryGetProperty("ref", out var reference) ? reference.GetString()! : "";
    }

    /// <summary>Waits for the client's close frame. Returns its code.</summary>
    public async Task<int?> ReceiveCloseAsync()
    {
        var result = await socket.ReceiveAsync(new byte[1024], CancellationToken.None).Soon();
        Assert.Equal(WebSocketMessageType.Close, result.MessageType);
        return (int?)result.CloseStatus;
    }

    /// <summary>Closes the connection and waits until the client has answered.</summary>
    public async Task CloseAsync(int code)
    {
        await socket.CloseAsync((WebSocketCloseStatus)code, "why", CancellationToken.None).Soon();
        _over.TrySetResult();
    }

    public void Abort()
    {
        socket.Abort();
        _over.TrySetResult();
    }
}

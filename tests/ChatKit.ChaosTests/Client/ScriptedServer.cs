using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatKit.ChaosTests.Client;

/// <summary>A server whose frames are scripted by a test.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<ScriptedConnection> _connections = Channel.CreateUnbounded<ScriptedConnection>();

    private ScriptedServer(string? subprotocol)
    {
        var builder = WebApplication.CreateBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync(subprotocol);
            var connection = new ScriptedConnection(socket, [.. context.Request.Query["after"]]);
            _connections.Writer.TryWrite(connection);
            await connection.Over;
        });
    }

    public Uri Address => new UriBuilder(_app.Urls.Single()) { Scheme = "ws", Path = "/chat/lobby" }.Uri;

    public static async Task<ScriptedServer> StartAsync(string? subprotocol = "chatkit.v1")
    {
        var server = new ScriptedServer(subprotocol);
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Waits for the next connection of the client.</summary>
    public async Task<ScriptedConnection> AcceptAsync() => await _connections.Reader.ReadAsync().AsTask().Soon();

    /// <summary>Waits for the next connection of the client and sends welcome.</summary>
    public async Task<ScriptedConnection> WelcomeAsync(double ping = 20)
    {
        var connection = await AcceptAsync();
        await connection.SendAsync($$"""{"type":"welcome","connection":"c","room":"lobby","ping":{{ping}},"limit":1024}""");
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        _connections.Writer.Complete();
        await foreach (var connection in _connections.Reader.ReadAllAsync())
            connection.Abort();
        await _app.DisposeAsync();
    }
}

/// <summary>The server's end of a connection.</summary>
internal sealed class ScriptedConnection(WebSocket socket, string?[] after)
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Over => _over.Task;

    /// <summary>The position from which the client resumed.</summary>
    public string?[] After { get; } = after;

    public Task SendAsync(string frame) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text, true, CancellationToken.None).Soon();

    public Task SendMessageAsync(string position, string data) => SendAsync(
        $$"""{"type":"message","room":"lobby","position":"{{position}}","at":"2026-11-22T18:00:00Z","data":"{{data}}"}""");

    public Task SendLiveAsync(string position) =>
        SendAsync($$"""{"type":"live","room":"lobby","position":"{{position}}","recovered":true}""");

    public Task SendAckAsync(string? reference, string position) =>
        SendAsync($$"""{"type":"ack","ref":"{{reference}}","room":"lobby","position":"{{position}}"}""");

    public Task SendErrorAsync(string? reference, string code, string more = "") =>
        SendAsync($$"""{"type":"error","ref":"{{reference}}","code":"{{code}}","text":"why"{{more}}}""");

    /// <summary>Returns the next frame of the client.</summary>
    public async Task<(string Type, string? Ref, string? Data)> ReceiveAsync()
    {
        var frame = await ReceiveFrameAsync();
        return (frame["type"], frame.GetValueOrDefault("ref"), frame.GetValueOrDefault("data"));
    }

    /// <summary>Returns the members of the next frame of the client.</summary>
    public async Task<Dictionary<string, string>> ReceiveFrameAsync()
    {
        var buffer = new byte[4096];
        var result = await socket.ReceiveAsync(buffer, CancellationToken.None).Soon();
        return JsonSerializer.Deserialize<Dictionary<string, string>>(buffer.AsSpan(0, result.Count))!;
    }

    /// <summary>Returns the texts and the refs of the next messages of the client.</summary>
    public async Task<(string Text, string Ref)[]> ReceiveMessagesAsync(int count)
    {
        var messages = new (string, string)[count];
        for (var i = 0; i < count; i++)
        {
            var (type, reference, data) = await ReceiveAsync();
            Assert.Equal("message", type);
            messages[i] = (data!, reference!);
        }

        return messages;
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

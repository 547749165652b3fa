using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Tests.Connections;

/// <summary>Both sides are notified of the end of a connection in all cases, and <c>OnCloseAsync</c> runs once.</summary>
public class LifecycleTests
{
    private const int ConnectionClosed = 101;
    private const int HandlerFailed = 102;
    private const int DisposeFailed = 106;

    private const WebSocketCloseStatus Restarting = (WebSocketCloseStatus)1012;

    [Fact]
    public async Task A_client_closes()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script);
        await using var client = await server.ConnectAsync("/chat/lobby");

        await client.CloseAsync((WebSocketCloseStatus)4000, "bye");

        Assert.Equal(new CloseInfo((WebSocketCloseStatus)4000, "bye", WasClean: true), await script.Closed);
        Assert.Equal(["open", "close"], script.Calls);
        Assert.Equal(WebSocketState.Closed, client.Socket.State);
    }

    [Fact]
    public async Task A_client_closes_without_a_code()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script);
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");

        await client.SendAsync(ClientFrame.Of(ClientFrame.Close, ""));

        Assert.Equal(ClientFrame.Close, (await client.ReceiveFrameAsync()).Opcode);
        await client.FinishAsync();
        Assert.True((await script.Closed).WasClean);
    }

    [Fact]
    public async Task Messages_before_the_clients_close_frame_are_handled()
    {
        var script = new Script { Message = static (connection, message) => connection.BroadcastAsync(message.Text) };
        await using var server = await ChatServer.StartAsync(script);
        await using var listener = await server.ConnectAsync("/chat/lobby");
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");

        await client.SendAsync((byte[])[
            .. ClientFrame.Of(ClientFrame.Text, "one"), .. ClientFrame.Of(ClientFrame.Text, "two"), .. ClientFrame.Of(ClientFrame.Close, "")]);

        Assert.Equal(["one", "two"], await listener.ReceiveAsync(2));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_connection_of_a_client_is_lost(bool reset)
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script);
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");
        var connection = await script.Opened;

        if (reset)
            client.Reset();
        else
            client.Dispose();

        var close = await script.Closed;
        Assert.Equal(1006, (int)close.Code);
        Assert.False(close.WasClean);
        Assert.NotNull(close.Exception);
        Assert.True(connection.Aborted.IsCancellationRequested);
        await Assert.ThrowsAsync<WebSocketClosedException>(async () => await connection.SendAsync("too late"));
        Assert.Equal(["open", "close"], script.Calls);
    }

    [Fact]
    public async Task A_busy_handler_is_notified_that_its_client_is_lost()
    {
        var script = new Script { Message = static async (connection, _) => await Task.Delay(Timeout.Infinite, connection.Aborted) };
        await using var server = await ChatServer.StartAsync(script);
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");
        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "wait"));

        client.Reset();

        Assert.Equal(1006, (int)(await script.Closed).Code);
    }

    [Fact]
    public async Task A_handler_throws()
    {
        var thrown = new InvalidOperationException("a fault of the handler");
        var script = new Script { Message = (_, _) => throw thrown };
        await using var server = await ChatServer.StartAsync(script);
        await using var client = await server.ConnectAsync("/chat/lobby");

        await client.SendAsync("hi");

        var (code, reason) = await client.ReceiveCloseAsync();
        Assert.Equal(WebSocketCloseStatus.InternalServerError, code);
        Assert.DoesNotContain("fault", reason, StringComparison.Ordinal);
        var close = await script.Closed;
        Assert.Equal((WebSocketCloseStatus.InternalServerError, true, thrown), (close.Code, close.WasClean, close.Exception));
        Assert.Same(thrown, Assert.Single(server.Logs.Entries, static e => e is { Id: HandlerFailed, Level: LogLevel.Error }).Exception);
    }

    [Fact]
    public async Task A_handler_cannot_be_created()
    {
        await using var server = await ChatServer.StartAsync(app => app.MapWebSocketHandler<ScriptedHandler>("/msg"));

        await using var client = await server.ConnectAsync("/msg");

        Assert.Equal(WebSocketCloseStatus.InternalServerError, (await client.ReceiveCloseAsync()).Code);
        Assert.Single(server.Logs.Entries, static e => e is { Id: HandlerFailed, Level: LogLevel.Error });
    }

    [Fact]
    public async Task OnOpenAsync_closes_and_the_room_is_not_notified()
    {
        var script = new Script
        {
            Open = static connection => connection.GetHttpContext()!.Request.Query.ContainsKey("refuse")
                ? connection.CloseAsync((WebSocketCloseStatus)4001, "not you")
                : default,
            Message = static (connection, message) => connection.BroadcastAsync(message.Text),
        };
        await using var server = await ChatServer.StartAsync(script);
        await using var member = await server.ConnectAsync("/chat/lobby");
        await member.SendAsync("secret");
        await member.ReceiveAsync();

        await using var refused = await server.ConnectAsync("/chat/lobby?refuse");

        var result = await refused.Socket.ReceiveAsync(new byte[100], CancellationToken.None).Soon();
        Assert.Equal((4001, "not you"), ((int)result.CloseStatus.GetValueOrDefault(), result.CloseStatusDescription));
        await refused.CloseAsync();
        Assert.Equal(new CloseInfo((WebSocketCloseStatus)4001, "not you", WasClean: true), await script.Closed);
    }

    [Fact]
    public async Task OnOpenAsync_throws()
    {
        var script = new Script { Open = static _ => throw new InvalidOperationException() };
        await using var server = await ChatServer.StartAsync(script);

        await using var client = await server.ConnectAsync("/chat/lobby");

        Assert.Equal(WebSocketCloseStatus.InternalServerError, (await client.ReceiveCloseAsync()).Code);
        Assert.IsType<InvalidOperationException>((await script.Closed).Exception);
        Assert.Equal(["open", "close"], script.Calls);
    }

    [Fact]
    public async Task The_host_stops()
    {
        const int Clients = 5;
        var script = new Script();
        await using var server = await ChatServer.StartAsync(
            app => app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}"),
            builder =>
            {
                builder.Services.AddSingleton(script);
                builder.Services.AddChatKit(static options => options.CloseTimeout = TimeSpan.FromMinutes(1));
            });
        var closes = new List<Task<(WebSocketCloseStatus, string)>>();
        for (var i = 0; i < Clients; i++)
            closes.Add((await server.ConnectAsync("/chat/lobby")).ReceiveCloseAsync());
        await Patience.UntilAsync(() => script.Calls.Count == Clients, "all are open");

        // All clients answer, so the server does not wait for any.
        await server.StopAsync().Soon();

        Assert.Equal(Clients, script.Calls.Count(static call => call == "close"));
        Assert.All(await Task.WhenAll(closes), static close => Assert.Equal((Restarting, "the server is restarting"), close));
        Assert.Equal((Restarting, true), ((await script.Closed).Code, (await script.Closed).WasClean));
    }

    [Fact]
    public async Task The_host_stops_and_a_client_does_not_answer()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(
            app => app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}"),
            builder =>
            {
                builder.Services.AddSingleton(script);
                builder.Services.AddChatKit(static options => options.CloseTimeout = TimeSpan.FromMilliseconds(100));
            });
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");
        await script.Opened;

        await server.StopAsync().Soon();

        Assert.Equal(["open", "close"], script.Calls);
        Assert.Equal((Restarting, false), ((await script.Closed).Code, (await script.Closed).WasClean));
    }

    [Fact]
    public async Task A_handler_has_its_own_scope_which_outlives_OnCloseAsync()
    {
        Scoped.Events.Clear();
        await using var server = await ChatServer.StartAsync(
            app => app.MapWebSocketHandler<ScopedHandler>("/msg"), static builder => builder.Services.AddScoped<Scoped>());
        await using (var client = await server.ConnectAsync("/msg"))
            await client.CloseAsync();

        await Patience.UntilAsync(() => Scoped.Events.Count == 2, "the scope is disposed");
        Assert.Equal(["OnCloseAsync", "Dispose"], Scoped.Events);
    }

    [Fact]
    public async Task A_handler_that_throws_when_disposed_is_logged()
    {
        await using var server = await ChatServer.StartAsync(static app => app.MapWebSocketHandler<UndisposableHandler>("/msg"));
        await using var client = await server.ConnectAsync("/msg");

        await client.CloseAsync();

        await Patience.UntilAsync(() => server.Logs.Entries.Any(static e => e.Id == ConnectionClosed), "the connection has ended");
        Assert.Single(server.Logs.Entries, static e => e.Level >= LogLevel.Error);
        Assert.Single(server.Logs.Entries, static e => e is { Id: DisposeFailed, Exception: InvalidOperationException });
    }

    private sealed class UndisposableHandler : WebSocketHandler, IDisposable
    {
        public void Dispose() => throw new InvalidOperationException("a fault of Dispose");

        protected override ValueTask OnMessageAsync(WebSocketMessage message) => default;
    }

    private sealed class Scoped : IDisposable
    {
        public static readonly System.Collections.Concurrent.ConcurrentQueue<string> Events = new();

        public void Dispose() => Events.Enqueue("Dispose");
    }

    private sealed class ScopedHandler(Scoped scoped) : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) => default;

        protected override ValueTask OnCloseAsync(CloseInfo close)
        {
            Assert.NotNull(scoped);
            Scoped.Events.Enqueue("OnCloseAsync");
            return default;
        }
    }
}

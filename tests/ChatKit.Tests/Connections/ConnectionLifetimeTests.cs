using System.Security.Claims;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Connections;

public class ConnectionLifetimeTests
{
    [Fact]
    public async Task Each_connection_has_its_own_handler_and_scope_which_outlives_OnCloseAsync()
    {
        var log = new Log();
        await using var host = new ChatHost(services: services => services.AddSingleton(log).AddScoped<Session>());
        var first = host.Connect(static services => ActivatorUtilities.CreateInstance<SessionHandler>(services));
        var second = host.Connect(static services => ActivatorUtilities.CreateInstance<SessionHandler>(services));

        await first.Client.SendAsync("who");
        await second.Client.SendAsync("who");
        var (one, other) = (await first.Client.ReceiveTextAsync(), await second.Client.ReceiveTextAsync());
        Assert.NotEqual(one, other);
        await first.Client.SendAsync("who");
        Assert.Equal(one, await first.Client.ReceiveTextAsync());
        await first.Client.SendCloseAsync();
        await first.Ended.Soon();

        Assert.Equal([$"close {one}", $"dispose {one}"], log.Lines);
    }

    [Fact]
    public async Task Callbacks_never_overlap()
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler
        {
            Open = static async _ => await Task.Yield(),
            Message = static async (_, _) => await Task.Yield(),
            Close = static async (_, _) => await Task.Yield(),
        });

        string[] texts = [.. Enumerable.Range(0, 200).Select(static i => $"{i}")];
        foreach (var text in texts)
            await connection.Client.SendAsync(text);
        await connection.Client.SendCloseAsync();
        await connection.Ended.Soon();

        Assert.False(connection.Handler.Overlapped);
        Assert.Equal(["open", .. texts, "close"], connection.Handler.Calls);
    }

    [Fact]
    public async Task No_message_is_handled_before_OnOpenAsync_has_returned()
    {
        var opening = new TaskCompletionSource();
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler { Open = async _ => await opening.Task });
        await connection.Client.SendAsync("early");
        await connection.Client.SendFrameAsync(0x9, "there?"u8);
        Assert.Equal("there?", (await connection.Client.ReceiveFrameAsync()).Text);
        Assert.Equal(["open"], connection.Handler.Calls);

        opening.SetResult();

        await Patience.UntilAsync(() => connection.Handler.Calls.Contains("early"), "the message is handled");
    }

    [Fact]
    public async Task All_messages_are_handled_in_order_even_if_more_arrive_than_are_read_ahead_of_a_busy_handler()
    {
        var free = new TaskCompletionSource();
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler { Message = async (_, _) => await free.Task });
        string[] texts = [.. Enumerable.Range(0, 100).Select(static i => $"{i}")];
        foreach (var text in texts)
            await connection.Client.SendAsync(text);
        await connection.Client.SendCloseAsync();

        free.SetResult();
        await connection.Ended.Soon();

        Assert.Equal(["open", .. texts, "close"], connection.Handler.Calls);
    }

    [Fact]
    public async Task A_busy_handler_is_cancelled_when_its_client_disconnects()
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler
        {
            Message = static async (handler, _) => await Task.Delay(Timeout.Infinite, handler.Connection.Aborted),
        });
        await connection.WaitUntilEnteredAsync();

        connection.Client.Disconnect();

        Assert.Equal(1006, (int)(await connection.Handler.Closed.Soon()).Code);
        await connection.Ended.Soon();
        Assert.DoesNotContain(host.Logs.GetSnapshot(), static record => record.Id.Id == 102);
    }

    [Fact]
    public async Task A_busy_handler_with_a_backlog_is_cancelled_when_the_connection_is_aborted()
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler
        {
            Message = static async (handler, _) => await Task.Delay(Timeout.Infinite, handler.Connection.Aborted),
        });
        for (var i = 0; i < 40; i++)
            await connection.Client.SendAsync($"{i}");
        await connection.WaitUntilHandledAsync("0");

        var stopping = host.StopAsync();
        Assert.Equal(1012, (await connection.Client.ReceiveCloseAsync()).Code);
        host.Clock.Advance(TimeSpan.FromSeconds(5));

        await connection.Ended.Soon();
        await stopping.Soon();
        Assert.Equal(1012, (int)(await connection.Handler.Closed).Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_disposable_handler_is_disposed_after_OnCloseAsync(bool async)
    {
        var log = new Log();
        await using var host = new ChatHost();
        var connection = host.Connect(_ => async ? new AsyncDisposableHandler(log) : new DisposableHandler(log));

        await connection.Client.SendCloseAsync();
        await connection.Ended.Soon();

        Assert.Equal(["close", "dispose"], log.Lines);
    }

    [Fact]
    public async Task A_handler_or_service_that_throws_when_disposed_is_logged_and_does_no_harm()
    {
        await using var host = new ChatHost(services: static services => services.AddScoped<BadService>());
        var connection = host.Connect(services => new BadDisposableHandler(services.GetRequiredService<BadService>()));

        await connection.Client.SendCloseAsync();
        await connection.Ended.Soon();

        Assert.Equal(2, host.Logs.GetSnapshot().Count(static record => record.Exception?.Message is "handler" or "service"));
        Assert.Contains(host.Logs.GetSnapshot(), static record => record.Id.Id == 101);
    }

    [Fact]
    public async Task A_handler_whose_constructor_throws_closes_with_1011()
    {
        await using var host = new ChatHost();
        var connection = host.Connect(static _ => throw new InvalidOperationException("constructor"));

        Assert.Equal((1011, "the handler failed"), await connection.Client.ReceiveAndAnswerCloseAsync());
        await connection.Ended.Soon();
        Assert.Contains(host.Logs.GetSnapshot(), static record => record.Exception?.Message == "constructor");
    }

    [Fact]
    public async Task A_handler_sees_the_connection_info_of_the_host()
    {
        var user = new ClaimsPrincipal(new ClaimsIdentity(
            [new(ClaimTypes.NameIdentifier, "u1")]));
        await using var host = new ChatHost();
        var connection = await host.EnterAsync(info: abort => new()
        {
            Room = "here",
            Abort = abort,
            Id = "c1",
            User = user,
            RouteValues = new Dictionary<string, object?> { ["room"] = "here" },
            Subprotocol = "p",
            Items = [KeyValuePair.Create<object, object?>("key", 1)],
        });

        var handler = connection.Handler;
        Assert.Equal("here", handler.HomeRoom);
        Assert.Equal("c1", handler.Connection.Id);
        Assert.Same(user, handler.Connection.User);
        Assert.Equal("u1", handler.Connection.UserId);
        Assert.Equal("here", handler.Connection.RouteValues["room"]);
        Assert.Equal("p", handler.Connection.Subprotocol);
        Assert.Equal(1, handler.Connection.Items["key"]);
        Assert.False(handler.Connection.Aborted.IsCancellationRequested);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\u0001b")]
    public async Task An_invalid_room_name_from_the_host_throws(string room)
    {
        await using var host = new ChatHost();
        var runner = host.Services.GetRequiredService<WebSocketHandlerRunner>();

        await Assert.ThrowsAsync<ArgumentException>(() => runner.RunAsync(
            Stream.Null, new() { Room = room, Abort = static () => { } }, new(), static _ => new ScriptedHandler()));
    }

    private sealed class Log
    {
        public List<string> Lines { get; } = [];
    }

    private sealed class Session(Log log) : IDisposable
    {
        public string Id { get; } = Guid.NewGuid().ToString();

        public void Dispose() => log.Lines.Add($"dispose {Id}");
    }

    private sealed class SessionHandler(Session session, Log log) : WebSocketHandler
    {
        protected internal override ValueTask OnMessageAsync(WebSocketMessage message) => SendAsync(session.Id);

        protected internal override async ValueTask OnCloseAsync(CloseInfo close)
        {
            await Task.Yield();
            log.Lines.Add($"close {session.Id}");
        }
    }

    private sealed class DisposableHandler(Log log) : WebSocketHandler, IDisposable
    {
        public void Dispose() => log.Lines.Add("dispose");

        protected internal override ValueTask OnMessageAsync(WebSocketMessage message) => ValueTask.CompletedTask;

        protected internal override ValueTask OnCloseAsync(CloseInfo close)
        {
            log.Lines.Add("close");
            return ValueTask.CompletedTask;
        }
    }

    private sealed class AsyncDisposableHandler(Log log) : WebSocketHandler, IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            log.Lines.Add("dispose");
        }

        protected internal override ValueTask OnMessageAsync(WebSocketMessage message) => ValueTask.CompletedTask;

        protected internal override ValueTask OnCloseAsync(CloseInfo close)
        {
            log.Lines.Add("close");
            return ValueTask.CompletedTask;
        }
    }

    private sealed class BadService : IDisposable
    {
        public void Dispose() => throw new InvalidOperationException("service");
    }

    private sealed class BadDisposableHandler(BadService service) : WebSocketHandler, IDisposable
    {
        public void Dispose() => throw new InvalidOperationException("handler");

        protected internal override ValueTask OnMessageAsync(WebSocketMessage message) => SendAsync(service.ToString()!);
    }
}

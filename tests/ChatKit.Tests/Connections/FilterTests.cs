using ChatKit.Connections;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Connections;

/// <summary>Filters are called around the callbacks of a handler.</summary>
public sealed class FilterTests : IAsyncDisposable
{
    private readonly List<string> _calls = [];
    private readonly ChatHost _host;

    public FilterTests() => _host = new ChatHost(services: services => services.AddSingleton(_calls).AddScoped<Scoped>());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Filters_are_called_in_the_order_of_their_registration_around_each_callback_and_disposed_of_after_the_handler()
    {
        var client = await EnterAsync(static options =>
        {
            options.AddFilter<Outer>();
            options.AddFilter<Inner>();
        });

        await client.Client.SendAsync("""{"type":"message","ref":"m","data":"hi"}""");
        var position = (string?)(await client.Client.ReceiveJsonUntilAsync("ack"))[^1]["position"];
        await client.Client.SendAsync($$"""{"type":"edit","ref":"e","position":"{{position}}","data":"ho"}""");
        await client.Client.ReceiveJsonUntilAsync("ack");
        await client.Client.SendAsync($$"""{"type":"delete","ref":"d","position":"{{position}}"}""");
        await client.Client.ReceiveJsonUntilAsync("ack");
        await client.Client.SendAsync("""{"type":"signal","name":"typing"}""");
        await client.Client.SendAsync("""{"type":"message","ref":"last","data":"bye"}""");
        await client.Client.ReceiveJsonUntilAsync("ack");
        await client.Client.SendCloseAsync();
        await client.Ended.Soon();

        string[] callbacks = ["open", "message hi", "edit ho", "delete", "signal typing", "message bye", "close 1000"];
        Assert.Equal(
            callbacks.SelectMany(static call => new[] { $"outer {call}", $"inner {call}", $"inner after {call}", $"outer after {call}" })
                .Concat(["outer disposed", "inner disposed"]),
            _calls);
        Assert.Equal(["open", "hi", "signal typing", "bye", "close"], client.Handler.Calls);
    }

    [Fact]
    public async Task A_filter_can_refuse_a_message_and_the_connection_goes_on()
    {
        var client = await EnterAsync(static options => options.AddFilter<NoShouting>());

        await client.Client.SendAsync("""{"type":"message","ref":"1","data":"HELLO"}""");
        var error = await client.Client.ReceiveJsonAsync();
        Assert.Equal(("shouting", "1"), ((string?)error["code"], (string?)error["ref"]));
        await client.Client.SendAsync("""{"type":"message","ref":"2","data":"hello"}""");
        await client.Client.ReceiveJsonUntilAsync("ack");

        Assert.Equal(["open", "hello"], client.Handler.Calls);
    }

    [Fact]
    public async Task A_filter_can_pass_on_another_message_or_none()
    {
        var client = await EnterAsync(static options => options.AddFilter<Trimming>());

        await client.Client.SendAsync("""{"type":"message","ref":"1","data":"   "}""");
        Assert.Equal("""{"type":"ack","ref":"1"}""", (await client.Client.ReceiveJsonAsync()).ToJsonString());
        await client.Client.SendAsync("""{"type":"message","data":" hi "}""");

        Assert.Equal("hi", (string?)(await client.Client.ReceiveJsonAsync())["data"]);
        Assert.Equal("lobby", Assert.Single(client.Handler.Messages).Room);
    }

    [Fact]
    public async Task A_filter_that_fails_closes_the_connection_as_the_handler_does()
    {
        var client = await EnterAsync(static options => options.AddFilter<Failing>());

        await client.Client.SendAsync("""{"type":"message","ref":"1","data":"hi"}""");

        Assert.Equal("failed", (string?)(await client.Client.ReceiveJsonAsync())["code"]);
        Assert.Equal((1011, "the handler failed"), await client.Client.ReceiveAndAnswerCloseAsync());
        await client.Ended.Soon();
        Assert.Equal(["open", "close"], client.Handler.Calls);
    }

    [Fact]
    public async Task A_filter_that_cannot_be_created_closes_the_connection_and_those_before_it_are_disposed_of()
    {
        var options = new WebSocketConnectionOptions();
        options.AddFilter<Outer>();
        options.AddFilter<Impossible>();
        var connection = _host.Connect(options: options);

        Assert.Equal((1011, "the handler failed"), await connection.Client.ReceiveAndAnswerCloseAsync());
        await connection.Ended.Soon();

        Assert.Equal(["outer disposed"], _calls);
        Assert.Empty(connection.Handler.Calls);
    }

    [Fact]
    public async Task A_filter_gets_services_of_the_scope_of_its_connection()
    {
        Scoped? ofFilter = null;
        var options = new WebSocketConnectionOptions();
        options.AddFilter<WithScope>();
        var handler = new ScriptedHandler
        {
            Open = self =>
            {
                ofFilter = (Scoped)self.Connection.Items["filter"]!;
                Assert.Same(self.Connection.Services.GetRequiredService<Scoped>(), ofFilter);
                return ValueTask.CompletedTask;
            },
        };

        await _host.EnterAsync(handler: handler, options: options);

        Assert.NotNull(ofFilter);
    }

    [Fact]
    public async Task A_filter_does_not_decide_who_may_be_in_a_room()
    {
        var options = new WebSocketConnectionOptions();
        options.AddFilter<Outer>();
        var connection = _host.Connect(handler: new ScriptedHandler { Authorize = static (_, _) => ValueTask.FromResult(false) }, options: options);

        Assert.Equal((1008, "not allowed in this room"), await connection.Client.ReceiveAndAnswerCloseAsync());
    }

    [Fact]
    public void Without_filters_handlers_are_created_as_they_are()
    {
        Func<IServiceProvider, WebSocketHandler> create = static _ => new ScriptedHandler();

        Assert.Same(create, FilteredHandler.Around(create, []));
    }

    private async Task<ChatConnection> EnterAsync(Action<WebSocketConnectionOptions> configure)
    {
        var options = new WebSocketConnectionOptions();
        configure(options);
        var handler = new ScriptedHandler
        {
            Message = static (self, message) => self.Broadcast(message.Text),
            Edit = static async (self, request) => await self.Change(request.Position, request.Message.Text),
            Delete = static async (self, request) => await self.Remove(request.Position),
            Signal = static (_, _) => ValueTask.CompletedTask,
        };
        return (await _host.EnterV1Async(handler, options: options)).Connection;
    }

    private sealed class Scoped;

    private abstract class Logging(string name, List<string> calls) : IWebSocketHandlerFilter, IDisposable
    {
        public void Dispose() => calls.Add($"{name} disposed");

        public ValueTask OnOpenAsync(WebSocketConnection connection, Func<ValueTask> next) => AroundAsync("open", next);

        public ValueTask OnMessageAsync(WebSocketConnection connection, WebSocketMessage message, Func<WebSocketMessage, ValueTask> next) =>
            AroundAsync($"message {message.Text}", () => next(message));

        public ValueTask OnEditAsync(WebSocketConnection connection, EditRequest request, Func<EditRequest, ValueTask> next) =>
            AroundAsync($"edit {request.Message.Text}", () => next(request));

        public ValueTask OnDeleteAsync(WebSocketConnection connection, DeleteRequest request, Func<DeleteRequest, ValueTask> next) =>
            AroundAsync("delete", () => next(request));

        public ValueTask OnSignalAsync(WebSocketConnection connection, RoomSignal signal, Func<RoomSignal, ValueTask> next) =>
            AroundAsync($"signal {signal.Name}", () => next(signal));

        public ValueTask OnCloseAsync(WebSocketConnection connection, CloseInfo close, Func<CloseInfo, ValueTask> next) =>
            AroundAsync($"close {(int)close.Code}", () => next(close));

        private async ValueTask AroundAsync(string call, Func<ValueTask> next)
        {
            calls.Add($"{name} {call}");
            await next();
            calls.Add($"{name} after {call}");
        }
    }

    private sealed class Outer(List<string> calls) : Logging("outer", calls);

    private sealed class Inner(List<string> calls) : Logging("inner", calls);

    private sealed class NoShouting : IWebSocketHandlerFilter
    {
        public ValueTask OnMessageAsync(WebSocketConnection connection, WebSocketMessage message, Func<WebSocketMessage, ValueTask> next) =>
            message.Text.Any(char.IsLower) ? next(message) : throw new MessageRefusedException("shouting", "Please don't shout.");
    }

    private sealed class Trimming : IWebSocketHandlerFilter
    {
        public ValueTask OnMessageAsync(WebSocketConnection connection, WebSocketMessage message, Func<WebSocketMessage, ValueTask> next) =>
            message.Text.Trim() is { Length: > 0 } text ? next(new WebSocketMessage(text)) : ValueTask.CompletedTask;
    }

    private sealed class Failing : IWebSocketHandlerFilter
    {
        public async ValueTask OnMessageAsync(WebSocketConnection connection, WebSocketMessage message, Func<WebSocketMessage, ValueTask> next)
        {
            await Task.Yield();
            throw new InvalidOperationException("the filter has failed");
        }
    }

    private sealed class Impossible : IWebSocketHandlerFilter
    {
        public Impossible() => throw new InvalidOperationException("cannot be created");
    }

    private sealed class WithScope(Scoped scoped) : IWebSocketHandlerFilter
    {
        public ValueTask OnOpenAsync(WebSocketConnection connection, Func<ValueTask> next)
        {
            connection.Items["filter"] = scoped;
            return next();
        }
    }
}

using System.Net.WebSockets;
using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Connections;

/// <summary>However a connection ends, the handler is told once, and how.</summary>
public class ConnectionCloseTests
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(1000, "bye")]
    [InlineData(1001, null)]
    [InlineData(4321, "mine")]
    public async Task The_client_closes(int code, string? reason)
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();

        await connection.Client.SendCloseAsync((WebSocketCloseStatus)code, reason);

        Assert.Equal(code, (await connection.Client.ReceiveCloseAsync()).Code);
        Assert.Equal(new CloseInfo((WebSocketCloseStatus)code, reason, WasClean: true), await EndedAsync(connection));
    }

    [Fact]
    public async Task The_client_closes_without_a_code()
    {
        await using var host = new ChatHost();
        var connection = host.Connect();
        await connection.Client.SendFrameAsync(0x8, []);

        Assert.Equal(0x8, (await connection.Client.ReceiveFrameAsync()).Opcode);
        Assert.Equal(new CloseInfo(WebSocketCloseStatus.Empty, null, WasClean: true), await EndedAsync(connection));
    }

    [Fact]
    public async Task The_client_disconnects_without_a_close_frame()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();

        connection.Client.Disconnect();

        var close = await EndedAsync(connection);
        Assert.Equal((1006, null, false), ((int)close.Code, close.Reason, close.WasClean));
        Assert.IsAssignableFrom<WebSocketException>(close.Exception);
    }

    [Fact]
    public async Task The_transport_fails()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();

        connection.Client.Stream.Reset();

        var close = await EndedAsync(connection);
        Assert.Equal((1006, null, false), ((int)close.Code, close.Reason, close.WasClean));
        Assert.NotNull(close.Exception);
    }

    [Fact]
    public async Task A_handler_that_lets_its_own_cancellation_escape_has_failed()
    {
        await using var host = new ChatHost();
        using var cancel = new CancellationTokenSource();
        var connection = await host.EnterAsync(handler: new ScriptedHandler
        {
            Message = async (handler, message) =>
            {
                if (message.Text != "cancel")
                    return;
                await cancel.CancelAsync();
                await handler.Send("never", cancel.Token);
            },
        });
        await connection.Client.SendAsync("cancel");

        Assert.Equal((1011, "the handler failed"), await connection.Client.ReceiveAndAnswerCloseAsync());
        Assert.IsType<OperationCanceledException>((await EndedAsync(connection)).Exception);
        Assert.Contains(host.Logs.GetSnapshot(), static record => record.Exception is OperationCanceledException);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnOpenAsync_throws(bool afterAwait)
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler { Open = _ => ThrowAsync(afterAwait) });
        await connection.Client.SendAsync("never handled");

        Assert.Equal((1011, "the handler failed"), await connection.Client.ReceiveAndAnswerCloseAsync());
        AssertHandlerFailed(await EndedAsync(connection));
        Assert.Equal(["open", "close"], connection.Handler.Calls);
        Assert.Equal(0, host.Rooms.Count);
        Assert.Single(host.Logs.GetSnapshot(), static record => record.Exception?.Message == "mine");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnMessageAsync_throws(bool afterAwait)
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler { Message = (_, _) => ThrowAsync(afterAwait) });
        await connection.Client.SendAsync("first");
        await connection.Client.SendAsync("never handled");

        Assert.Equal(1011, (await connection.Client.ReceiveAndAnswerCloseAsync()).Code);
        AssertHandlerFailed(await EndedAsync(connection));
        Assert.Equal(["open", "first", "close"], connection.Handler.Calls);
    }

    [Fact]
    public async Task OnCloseAsync_throws()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync(handler: new ScriptedHandler { Close = static (_, _) => ThrowAsync(true) });

        await connection.Client.SendCloseAsync();

        Assert.Equal(1000, (int)(await EndedAsync(connection)).Code);
        Assert.Single(host.Logs.GetSnapshot(), static record => record.Id.Id == 103 && record.Exception?.Message == "mine");
    }

    [Fact]
    public async Task OnOpenAsync_closes_the_connection()
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler { Open = static handler => handler.CloseConnection(4001, "no") });
        await connection.Client.SendAsync("never handled");

        Assert.Equal((4001, "no"), await connection.Client.ReceiveAndAnswerCloseAsync());
        Assert.Equal(new CloseInfo((WebSocketCloseStatus)4001, "no", WasClean: true), await EndedAsync(connection));
        Assert.Equal(["open", "close"], connection.Handler.Calls);
        Assert.Equal(0, host.Rooms.Count);
    }

    [Fact]
    public async Task A_close_by_the_handler_follows_the_messages_it_has_sent()
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler
        {
            Message = static async (handler, _) =>
            {
                await handler.Send("last words");
                await handler.CloseConnection(4002, "done");
                await handler.CloseConnection(4003, "not the first");
            },
        });
        await connection.Client.SendAsync("first");
        await connection.Client.SendAsync("never handled");

        Assert.Equal("last words", await connection.Client.ReceiveTextAsync());
        Assert.Equal((4002, "done"), await connection.Client.ReceiveAndAnswerCloseAsync());
        Assert.Equal(new CloseInfo((WebSocketCloseStatus)4002, "done", WasClean: true), await EndedAsync(connection));
        Assert.Equal(["open", "first", "close"], connection.Handler.Calls);
    }

    [Fact]
    public async Task The_host_stops()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();

        var stopping = host.StopAsync();

        Assert.Equal((1012, "the server is restarting"), await connection.Client.ReceiveAndAnswerCloseAsync());
        Assert.Equal(
            new CloseInfo((WebSocketCloseStatus)1012, "the server is restarting", WasClean: true), await EndedAsync(connection));
        await stopping.Soon();
    }

    [Fact]
    public async Task A_client_that_does_not_answer_the_close_frame_is_disconnected_after_the_close_timeout()
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler { Message = static (handler, _) => handler.CloseConnection(4001) });
        await connection.Client.SendAsync("go");
        Assert.Equal(4001, (await connection.Client.ReceiveCloseAsync()).Code);
        host.Clock.Advance(CloseTimeout - TimeSpan.FromTicks(1));
        Assert.False(connection.Handler.Closed.IsCompleted);

        host.Clock.Advance(TimeSpan.FromTicks(1));

        var close = await EndedAsync(connection);
        Assert.Equal((4001, false), ((int)close.Code, close.WasClean));
    }

    [Fact]
    public async Task The_transport_is_not_aborted_after_the_connection_has_ended()
    {
        var aborts = 0;
        await using var host = new ChatHost();
        var connection = host.Connect(info: abort => new()
        {
            Room = "lobby",
            Abort = () =>
            {
                aborts++;
                abort();
            },
        });
        await connection.Client.SendCloseAsync();
        await connection.Ended.Soon();

        host.Clock.Advance(TimeSpan.FromDays(1));

        Assert.Equal(0, aborts);
    }

    [Fact]
    public async Task Messages_sent_before_the_clients_close_are_all_handled()
    {
        var free = new TaskCompletionSource();
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler { Message = async (_, _) => await free.Task });
        foreach (var text in new[] { "a", "b", "c" })
            await connection.Client.SendAsync(text);
        await connection.Client.SendCloseAsync();
        await connection.WaitUntilHandledAsync("a");

        free.SetResult();

        await EndedAsync(connection);
        Assert.Equal(["open", "a", "b", "c", "close"], connection.Handler.Calls);
    }

    public static TheoryData<bool> CloseOrFault => [false, true];

    [Theory]
    [MemberData(nameof(CloseOrFault))]
    public async Task A_client_gets_its_close_frame_although_the_handler_does_not_return(bool fault)
    {
        var free = new TaskCompletionSource();
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler { Message = async (_, _) => await free.Task });
        await connection.WaitUntilEnteredAsync();
        await EndAsync(connection, fault);

        var (code, _) = await AdvanceUntilCompletedAsync(host, connection.Client.ReceiveCloseAsync());

        Assert.Equal(fault ? 1007 : 1000, code);
        Assert.False(connection.Ended.IsCompleted);
        free.SetResult();
        connection.Client.Disconnect();
        Assert.Equal((fault ? 1007 : 1000, !fault), ((int)(await EndedAsync(connection)).Code, (await EndedAsync(connection)).WasClean));
    }

    [Theory]
    [MemberData(nameof(CloseOrFault))]
    public async Task A_busy_handler_is_cancelled_when_its_client_closes_but_may_finish_after_a_fault(bool fault)
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler
        {
            Message = async (handler, message) =>
            {
                if (message.Text == "wait")
                    await Task.Delay(TimeSpan.FromSeconds(1), host.Clock, handler.Connection.Aborted);
                await handler.Send("done");
            },
        });
        await connection.WaitUntilEnteredAsync();
        await connection.Client.ReceiveTextAsync();
        await connection.Client.SendAsync("wait");
        await connection.WaitUntilHandledAsync("wait");
        await EndAsync(connection, fault);
        if (fault)
            host.Clock.Advance(TimeSpan.FromSeconds(1));

        var last = await connection.Client.ReceiveAsync();

        Assert.Equal(fault ? "done" : null, last?.Text);
        connection.Client.Disconnect();
        await EndedAsync(connection);
    }

    [Fact]
    public async Task Messages_sent_before_the_clients_close_are_all_handled_although_they_cannot_be_answered()
    {
        var free = new TaskCompletionSource();
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler
        {
            Message = async (handler, _) =>
            {
                await free.Task;
                await handler.Send("got it");
            },
        });
        foreach (var text in new[] { "a", "b", "c" })
            await connection.Client.SendAsync(text);
        await connection.Client.SendCloseAsync();
        await AdvanceUntilCompletedAsync(host, connection.Client.ReceiveCloseAsync());

        free.SetResult();

        Assert.Equal(1000, (int)(await EndedAsync(connection)).Code);
        Assert.Equal(["open", "a", "b", "c", "close"], connection.Handler.Calls);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), static record => record.Id.Id == 102);
    }

    [Fact]
    public async Task In_OnCloseAsync_the_connection_is_in_no_room_and_can_still_broadcast()
    {
        var inRooms = -1;
        await using var host = new ChatHost();
        var other = await host.EnterAsync("lobby");
        var connection = host.Connect("elsewhere", new ScriptedHandler
        {
            Close = async (handler, _) =>
            {
                inRooms = host.Rooms.Count;
                await handler.Broadcast("bye", new BroadcastOptions { Room = "lobby" });
            },
        });
        await connection.WaitUntilEnteredAsync();

        connection.Client.Disconnect();

        Assert.Equal("bye", await other.Client.ReceiveTextAsync());
        await connection.Ended.Soon();
        Assert.Equal(1, inRooms);
    }

    /// <summary>How the connection ended; fails if the handler was told more or less than once.</summary>
    private static async Task<CloseInfo> EndedAsync(ChatConnection connection)
    {
        await connection.Ended.Soon();
        Assert.Single(connection.Handler.Calls, static call => call == "open");
        Assert.Single(connection.Handler.Calls, static call => call == "close");
        return await connection.Handler.Closed.Soon();
    }

    /// <summary>The client closes, or breaks the protocol.</summary>
    private static Task EndAsync(ChatConnection connection, bool fault) =>
        fault ? connection.Client.SendAsync([0xFF], WebSocketMessageType.Text) : connection.Client.SendCloseAsync();

    /// <summary>Lets time pass until something has happened.</summary>
    private static async Task<T> AdvanceUntilCompletedAsync<T>(ChatHost host, Task<T> happening)
    {
        await Patience.UntilAsync(
            () =>
            {
                host.Clock.Advance(TimeSpan.FromSeconds(1));
                return happening.IsCompleted;
            },
            "the task completes");
        return await happening;
    }

    private static void AssertHandlerFailed(CloseInfo close)
    {
        Assert.Equal((1011, "the handler failed", true), ((int)close.Code, close.Reason, close.WasClean));
        Assert.Equal("mine", close.Exception?.Message);
    }

    private static async ValueTask ThrowAsync(bool afterAwait)
    {
        if (afterAwait)
            await Task.Yield();
        throw new InvalidOperationException("mine");
    }
}

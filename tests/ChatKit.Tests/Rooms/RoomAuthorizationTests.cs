using System.Net.WebSockets;
using System.Text.Json.Nodes;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Moq;

namespace ChatKit.Tests.Rooms;

/// <summary>Nobody reads a room that the handler does not let them into, in whatever way they ask.</summary>
public class RoomAuthorizationTests
{
    [Fact]
    public async Task JoinAsync_inside_AuthorizeRoomAsync_throws_and_does_no_harm()
    {
        await using var host = new ChatHost();
        Exception? refused = null;
        var connection = await host.EnterAsync(handler: new ScriptedHandler
        {
            Authorize = async (handler, room) =>
            {
                refused ??= await Record.ExceptionAsync(async () => await handler.Join(room));
                return true;
            },
            Message = static async (handler, message) =>
            {
                if (message.Text != "join")
                    return;
                await handler.Join("other");
                await handler.Send("joined");
            },
        });

        Assert.Contains("JoinAsync can't be called from AuthorizeRoomAsync (room 'lobby')", Assert.IsType<InvalidOperationException>(refused).Message);
        await connection.Client.SendAsync("join");
        Assert.Equal("joined", await connection.Client.ReceiveTextAsync());
    }

    private const int RoomDenied = 130;

    [Fact]
    public async Task A_client_denied_its_home_room_is_closed_and_gets_nothing_of_it()
    {
        await using var host = new ChatHost();
        var bob = await host.EnterTrackedAsync("bob");
        Assert.Equal("here bob", await bob.ReceivePresenceAsync());
        var presence = host.Services.GetRequiredService<IRoomPresence>();
        await Patience.UntilAsync(async () => (await presence.ListAsync("lobby")).Contains("bob"), "the store lists bob");
        await host.Broadcaster.BroadcastAsync("lobby", "1");
        await host.Broadcaster.BroadcastAsync("lobby", "2");
        var first = (await host.History.ReadAsync("lobby")).Messages[0].Position!.Value;
        var handler = Refusing("lobby");

        var refused = host.Connect("lobby", handler, V1.Tracking, abort => new()
        {
            Room = "lobby",
            Abort = abort,
            Subprotocol = ChatKitSubprotocol.V1,
            User = Users.Named("eve"),
            ResumeAfter = new Dictionary<string, MessagePosition> { ["lobby"] = first },
        });
        await refused.Client.SendAsync("""{"type":"message","ref":"r-1","data":"hi"}""");
        var welcome = await refused.Client.ReceiveJsonAsync();

        Assert.Equal("welcome", (string?)welcome["type"]);
        Assert.Null(await refused.Client.ReceiveAsync());
        Assert.Equal((1008, "not allowed in this room"), ((int)refused.Client.Socket.CloseStatus!, refused.Client.Socket.CloseStatusDescription));
        await refused.Client.SendCloseAsync();
        await refused.Ended.Soon();
        Assert.Equal(["open", "close"], handler.Calls);
        Assert.Equal(1008, (int)(await handler.Closed.Soon()).Code);
        Assert.Equal(["bob"], await presence.ListAsync("lobby"));
        Assert.Equal(["1", "2"], (await bob.Client.ReceiveJsonAsync(2)).Shorten());
        var line = Assert.Single(host.Logs.GetSnapshot(), static record => record.Id.Id == RoomDenied);
        Assert.Equal(LogLevel.Information, line.Level);
        Assert.Equal($"Connection {handler.Connection.Id} of user eve was denied access to room lobby.", line.Message);
    }

    [Fact]
    public async Task Before_the_answer_nothing_is_subscribed_read_or_stored()
    {
        var answer = new TaskCompletionSource<bool>();
        var history = new Mock<IMessageHistory>(MockBehavior.Strict);
        var backplane = new Mock<IBackplane>(MockBehavior.Strict);
        await using var host = new ChatHost(services: services => services.AddSingleton(history.Object).AddSingleton(backplane.Object));
        var handler = new ScriptedHandler { Authorize = (_, _) => new(answer.Task) };
        var connection = await host.ConnectV1Async(handler, options: V1.Tracking);
        await Patience.UntilAsync(() => !handler.AuthorizeCalls.IsEmpty, "AuthorizeRoomAsync is called");

        Assert.Equal(0, host.Rooms.Count);
        Assert.Empty(await host.Services.GetRequiredService<IRoomPresence>().ListAsync("lobby"));
        answer.SetResult(false);

        Assert.Equal((1008, "not allowed in this room"), await connection.Client.ReceiveAndAnswerCloseAsync());
        Assert.Equal(0, host.Rooms.Count);
        history.VerifyNoOtherCalls();
        backplane.VerifyNoOtherCalls();
    }

    [Fact]
    public async Task The_handler_authorizes_each_join_once_after_OnOpenAsync_and_never_for_the_users_own_room()
    {
        await using var host = new ChatHost();
        var handler = new ScriptedHandler { Authorize = static (handler, _) => ValueTask.FromResult(handler.Calls.Contains("open")) };
        var connection = await host.EnterAsync("home", handler, info: static abort => new() { Room = "home", Abort = abort, User = Users.Named("ann") });

        await handler.Join("home");
        await handler.Join("other");
        await handler.Join("other");
        await handler.Leave("other");
        await handler.Join("other");
        await host.Broadcaster.SendToUserAsync("ann", "for ann");

        Assert.Equal("for ann", await connection.Client.ReceiveTextAsync());
        Assert.Equal(["home", "other", "other"], handler.AuthorizeCalls);
    }

    [Fact]
    public async Task A_denied_join_is_answered_with_forbidden_and_the_client_stays_connected()
    {
        await using var host = new ChatHost();
        await host.Broadcaster.BroadcastAsync("secret", "hidden");
        var handler = Refusing("secret", async static (handler, message) =>
        {
            if (message.Text != "hi")
                await handler.Join(message.Text);
        });
        var connection = await host.ConnectV1Async(handler);
        await connection.Client.ReceiveJsonUntilAsync("live");

        await connection.Client.SendAsync("""{"type":"message","ref":"r-1","data":"secret"}""");
        await connection.Client.SendAsync("""{"type":"message","ref":"r-2","data":"hi"}""");
        var frames = await connection.Client.ReceiveJsonAsync(2);

        Assert.Equal(
            """{"type":"error","ref":"r-1","code":"forbidden","text":"Access to the room 'secret' is denied."}""",
            Text(frames[0]));
        Assert.Equal(("ack", "r-2"), ((string?)frames[1]["type"], (string?)frames[1]["ref"]));
        Assert.Single(host.Logs.GetSnapshot(), static record => record.Id.Id == RoomDenied);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), static record => record.Level > LogLevel.Information);
    }

    [Fact]
    public async Task A_plain_client_denied_a_join_stays_connected_and_each_denial_is_logged_once()
    {
        await using var host = new ChatHost();
        var handler = Refusing("secret", async static (handler, message) =>
        {
            if (message.Text == "leaves")
                await handler.Join("secret");
            if (message.Text == "caught")
                await handler.Send((await Record.ExceptionAsync(() => handler.Join("secret").AsTask()))?.Message ?? "no exception");
        });
        var connection = await host.EnterAsync(handler: handler);

        await connection.Client.SendAsync("leaves");
        await connection.Client.SendAsync("caught");

        Assert.Equal("Access to the room 'secret' is denied.", await connection.Client.ReceiveTextAsync());
        Assert.Equal(2, host.Logs.GetSnapshot().Count(static record => record.Id.Id == RoomDenied));
    }

    [Fact]
    public async Task A_denied_join_that_escapes_OnOpenAsync_does_not_keep_the_client_out_of_its_home_room()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync(handler: new ScriptedHandler
        {
            Open = static handler => handler.Join("secret"),
            Authorize = static (_, room) => ValueTask.FromResult(room != "secret"),
        });

        await host.Broadcaster.BroadcastAsync("secret", "hidden");
        await host.Broadcaster.BroadcastAsync("lobby", "hi");

        Assert.Equal("hi", await connection.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_canceled_join_does_not_use_up_the_position_from_which_the_client_resumes()
    {
        await using var host = new ChatHost();
        foreach (var name in "abc")
            await host.Broadcaster.BroadcastAsync("club", new string(name, 3000));
        var first = (await host.History.ReadAsync("club")).Messages[0].Position!.Value;
        var connection = await host.ConnectV1Async(
            after: new Dictionary<string, MessagePosition> { ["club"] = first }, options: new() { OutboundQueueLimit = 4096 }, buffer: 512);
        await connection.Client.ReceiveJsonUntilAsync("live");
        using var cancel = new CancellationTokenSource();
        var join = connection.Handler.Join("club", cancel.Token).AsTask();
        Assert.False(join.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(join.Soon);

        Assert.StartsWith("b", (string?)(await connection.Client.ReceiveJsonAsync())["data"]);
        await connection.Handler.Join("club").AsTask().Soon();
        var frames = await connection.Client.ReceiveJsonUntilAsync("live");

        Assert.Equal([new string('c', 3000), "live"], frames.Shorten());
        Assert.True((bool?)frames[^1]["recovered"]);
    }

    [Fact]
    public async Task A_denied_resume_reveals_nothing_and_applies_once_the_client_is_allowed()
    {
        await using var host = new ChatHost();
        for (var i = 1; i <= 3; i++)
            await host.Broadcaster.BroadcastAsync("club", $"{i}");
        var first = (await host.History.ReadAsync("club")).Messages[0].Position!.Value;
        var isMember = false;
        var handler = new ScriptedHandler
        {
            Authorize = (_, room) => ValueTask.FromResult(room != "club" || isMember),
            Message = static (handler, _) => handler.Join("club"),
        };
        var connection = await host.ConnectV1Async(handler, after: new Dictionary<string, MessagePosition> { ["club"] = first });
        await connection.Client.ReceiveJsonUntilAsync("live");

        await connection.Client.SendAsync("""{"type":"message","ref":"r-1","data":"join"}""");
        Assert.Equal("forbidden", (string?)(await connection.Client.ReceiveJsonAsync())["code"]);
        isMember = true;
        await connection.Client.SendAsync("""{"type":"message","ref":"r-2","data":"join"}""");
        var frames = await connection.Client.ReceiveJsonUntilAsync("live");

        Assert.Equal(["2", "3", "live"], frames.Shorten());
        Assert.True((bool?)frames[^1]["recovered"]);
    }

    [Theory]
    [InlineData("lobby")]
    [InlineData("other")]
    public async Task An_authorization_that_throws_is_a_handler_failure_and_not_a_permission(string room)
    {
        await using var host = new ChatHost();
        var handler = new ScriptedHandler
        {
            Authorize = (_, asked) => asked == room ? throw new InvalidDataException("the database is away") : ValueTask.FromResult(true),
            Message = static (handler, _) => handler.Join("other"),
        };
        var connection = host.Connect("lobby", handler);
        await connection.Client.SendAsync("join");

        Assert.Equal((1011, "the handler failed"), await connection.Client.ReceiveAndAnswerCloseAsync());
        await connection.Ended.Soon();
        Assert.Equal(0, host.Rooms.Count);
        Assert.IsType<InvalidDataException>(Assert.Single(host.Logs.GetSnapshot(), static record => record.Level == LogLevel.Error).Exception);
    }

    [Fact]
    public async Task An_authorization_may_close_the_connection_with_its_own_code()
    {
        await using var host = new ChatHost();
        var connection = host.Connect("lobby", new ScriptedHandler
        {
            Authorize = static async (handler, _) =>
            {
                await handler.CloseConnection(4003, "pay first");
                return true;
            },
        });

        Assert.Equal((4003, "pay first"), await connection.Client.ReceiveAndAnswerCloseAsync());
        Assert.Equal(0, host.Rooms.Count);
    }

    [Fact]
    public async Task Concurrent_joins_of_a_room_are_one_join()
    {
        await using var host = new ChatHost();
        await host.Broadcaster.BroadcastAsync("club", "stored");
        var answer = new TaskCompletionSource<bool>();
        var handler = Waiting("club", answer.Task);
        var connection = await host.ConnectV1Async(handler);
        await connection.Client.ReceiveJsonUntilAsync("live");

        Task[] joins = [.. Enumerable.Range(0, 5).Select(_ => handler.Join("club").AsTask())];
        answer.SetResult(true);
        await Task.WhenAll(joins).Soon();
        await host.Broadcaster.BroadcastAsync("club", "new");

        Assert.Equal(["stored", "live", "new"], (await connection.Client.ReceiveJsonAsync(3)).Shorten());
    }

    [Fact]
    public async Task A_client_that_leaves_during_authorization_is_not_in_the_room()
    {
        await using var host = new ChatHost();
        await host.Broadcaster.BroadcastAsync("club", "stored");
        var answer = new TaskCompletionSource<bool>();
        var handler = Waiting("club", answer.Task);
        var connection = await host.EnterAsync(handler: handler);

        var join = handler.Join("club").AsTask();
        await handler.Leave("other");
        await handler.Leave("club");
        answer.SetResult(true);
        await join.Soon();
        await host.Broadcaster.BroadcastAsync("lobby", "end");

        Assert.Equal("end", await connection.Client.ReceiveTextAsync());
        Assert.Equal(1, host.Rooms.Count);
    }

    [Fact]
    public async Task A_client_that_leaves_and_rejoins_during_authorization_is_in_the_room()
    {
        await using var host = new ChatHost();
        var answer = new TaskCompletionSource<bool>();
        var handler = Waiting("club", answer.Task);
        var connection = await host.EnterAsync(handler: handler);

        var given = handler.Join("club").AsTask();
        await handler.Leave("club");
        var second = handler.Join("club").AsTask();
        await handler.Leave("other");
        answer.SetResult(true);
        await Task.WhenAll(given, second).Soon();
        await host.Broadcaster.BroadcastAsync("club", "hi");

        Assert.Equal("hi", await connection.Client.ReceiveTextAsync());
    }

    [Theory]
    [InlineData("lobby")]
    [InlineData("club")]
    public async Task A_connection_closed_during_authorization_joins_no_room(string room)
    {
        await using var host = new ChatHost();
        var answer = new TaskCompletionSource<bool>();
        var handler = new ScriptedHandler
        {
            Authorize = (_, asked) => asked == room ? new(answer.Task) : ValueTask.FromResult(true),
            Message = static (handler, _) => handler.Join("club"),
        };
        var connection = host.Connect("lobby", handler);
        await connection.Client.SendAsync("join");
        await Patience.UntilAsync(() => handler.AuthorizeCalls.Contains(room), "AuthorizeRoomAsync is called");

        await handler.CloseConnection(4000);
        answer.SetResult(true);

        Assert.Equal(4000, (await connection.Client.ReceiveAndAnswerCloseAsync()).Code);
        await connection.Ended.Soon();
        Assert.Equal(0, host.Rooms.Count);
        Assert.Equal(4000, (int)(await handler.Closed.Soon()).Code);
    }

    [Fact]
    public async Task A_client_denied_a_room_can_still_send_to_it_if_the_handler_broadcasts()
    {
        await using var host = new ChatHost();
        var reader = await host.EnterAsync("box");
        var writer = await host.EnterAsync(handler: Refusing("box"));

        await writer.Handler.Broadcast("for the box", new BroadcastOptions { Room = "box" });
        await writer.Handler.Broadcast("for the lobby");

        Assert.Equal("for the box", await reader.Client.ReceiveTextAsync());
        Assert.Equal("for the lobby", await writer.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_user_disconnected_during_authorization_does_not_join_the_room()
    {
        await using var host = new ChatHost();
        var answer = new TaskCompletionSource<bool>();
        var handler = new ScriptedHandler { Authorize = (_, _) => new(answer.Task) };
        var connection = host.Connect(
            "lobby", handler, info: static abort => new() { Room = "lobby", Abort = abort, User = Users.Named("eve") });
        await Patience.UntilAsync(() => !handler.AuthorizeCalls.IsEmpty, "AuthorizeRoomAsync is called");

        await host.Broadcaster.DisconnectUserAsync("eve");
        await Patience.UntilAsync(() => handler.Connection is ChatKit.Connections.ServerConnection { ClosedHere: true }, "the connection is closed");
        answer.SetResult(true);

        Assert.Equal((int)WebSocketCloseStatus.PolicyViolation, (await connection.Client.ReceiveAndAnswerCloseAsync()).Code);
        await connection.Ended.Soon();
        Assert.Equal(0, host.Rooms.Count);
    }

    private static string Text(JsonObject frame) => frame.ToJsonString(Readable);

    private static readonly System.Text.Json.JsonSerializerOptions Readable =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A handler that does not let its client into a room.</summary>
    private static ScriptedHandler Refusing(string room, Func<ScriptedHandler, WebSocketMessage, ValueTask>? message = null) => new()
    {
        Authorize = (_, asked) => ValueTask.FromResult(asked != room),
        Message = message ?? (static (_, _) => ValueTask.CompletedTask),
    };

    /// <summary>A handler that takes its time for a room.</summary>
    private static ScriptedHandler Waiting(string room, Task<bool> answer) => new()
    {
        Authorize = (_, asked) => asked == room ? new(answer) : ValueTask.FromResult(true),
    };
}

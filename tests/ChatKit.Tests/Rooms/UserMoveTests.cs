using System.Text.Json.Nodes;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.Logging;

namespace ChatKit.Tests.Rooms;

/// <summary>The application adds users to rooms, takes them out, and asks for the rooms that they are in.</summary>
public sealed class UserMoveTests : IAsyncDisposable
{
    private static readonly WebSocketConnectionOptions Options = new() { AllowClientJoins = true, PingInterval = Timeout.InfiniteTimeSpan };

    private readonly RoomFixture _room = new(static options => options.MaxRoomsPerConnection = 3);

    private ChatHost Host => _room.Host;

    private IRoomBroadcaster Broadcaster => Host.Broadcaster;

    public ValueTask DisposeAsync() => _room.DisposeAsync();

    [Fact]
    public async Task A_user_who_is_added_receives_the_messages_of_the_room_on_all_connections_and_nobody_else_does()
    {
        await Broadcaster.BroadcastAsync("team", "1");
        var (phone, laptop, bob) = (await EnterAsync("anna"), await EnterAsync("anna"), await EnterAsync("bob"));

        await Broadcaster.JoinUserAsync("anna", "team");

        foreach (var client in new[] { phone, laptop })
            Assert.Equal(["1", "live"], (await client.Client.ReceiveJsonUntilAsync("live")).Shorten());
        await Broadcaster.BroadcastAsync("team", "2");
        await Broadcaster.BroadcastAsync("lobby", "end");
        foreach (var client in new[] { phone, laptop })
            Assert.Equal(["2", "end"], (await client.Client.ReceiveJsonAsync(2)).Shorten().Order());
        Assert.Equal(["end"], (await bob.Client.ReceiveJsonAsync(1)).Shorten());
    }

    [Fact]
    public async Task A_plain_client_is_added_and_taken_out_too()
    {
        var plain = Host.Connect(info: static abort => new() { Room = "lobby", Abort = abort, User = Users.Named("anna") });
        await plain.WaitUntilEnteredAsync();

        await Broadcaster.JoinUserAsync("anna", "team");
        await WaitForRoomsAsync("anna", "lobby", "team");
        await Broadcaster.BroadcastAsync("team", "hi");
        Assert.Equal("hi", await plain.Client.ReceiveTextAsync());
        await Broadcaster.LeaveUserAsync("anna", "team");
        await WaitForRoomsAsync("anna", "lobby");
        await Broadcaster.BroadcastAsync("team", "unseen");
        await Broadcaster.BroadcastAsync("lobby", "seen");

        Assert.Equal("seen", await plain.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task The_handler_decides_whether_its_client_is_added_while_it_handles_nothing_else()
    {
        var go = new TaskCompletionSource();
        var handler = new ScriptedHandler
        {
            Authorize = static (_, room) => ValueTask.FromResult(room != "secret"),
            Message = async (_, _) => await go.Task,
        };
        var anna = await EnterAsync("anna", handler);
        await anna.Client.SendAsync("""{"type":"message","ref":"m","data":"busy"}""");
        await anna.WaitUntilHandledAsync("busy");

        await Broadcaster.JoinUserAsync("anna", "secret");
        await Broadcaster.JoinUserAsync("anna", "team");
        await Broadcaster.JoinUserAsync("anna", "team");
        Assert.Equal(["lobby"], handler.AuthorizeCalls);
        go.SetResult();

        Assert.Equal(["ack", "live"], (await anna.Client.ReceiveJsonUntilAsync("live")).Shorten());
        Assert.Equal(["lobby", "secret", "team"], handler.AuthorizeCalls);
        Assert.Null(Host.Rooms.Find("secret"));
        Assert.Single(Host.Logs.GetSnapshot(), static record => record.Id.Id == 130);
        Assert.False(handler.Overlapped);
    }

    [Fact]
    public async Task A_user_who_is_taken_out_before_the_handler_has_decided_does_not_join()
    {
        var (asked, allowed) = (new TaskCompletionSource(), new TaskCompletionSource<bool>());
        var handler = new ScriptedHandler
        {
            Authorize = (_, room) =>
            {
                if (room != "team")
                    return ValueTask.FromResult(true);
                asked.SetResult();
                return new(allowed.Task);
            },
        };
        var anna = await EnterAsync("anna", handler);
        await Broadcaster.JoinUserAsync("anna", "team");
        await asked.Task.Soon();

        await Broadcaster.LeaveUserAsync("anna", "team");
        await Broadcaster.GetRoomsAsync("anna").AsTask().Soon();
        allowed.SetResult(true);
        await anna.Client.SendAsync("""{"type":"message","ref":"m","room":"team","data":"hi"}""");

        Assert.Equal("left", (string?)(await anna.Client.ReceiveJsonAsync())["type"]);
        Assert.Equal("not_joined", (string?)(await anna.Client.ReceiveJsonAsync())["code"]);
        Assert.Null(Host.Rooms.Find("team"));
    }

    [Fact]
    public async Task A_handler_that_fails_to_decide_ends_the_connection()
    {
        var handler = new ScriptedHandler
        {
            Authorize = static (_, room) => room == "team" ? throw new InvalidOperationException("secret") : ValueTask.FromResult(true),
        };
        var anna = await EnterAsync("anna", handler);

        await Broadcaster.JoinUserAsync("anna", "team");

        Assert.Equal((1011, "the handler failed"), await anna.Client.ReceiveAndAnswerCloseAsync());
    }

    [Fact]
    public async Task A_connection_in_as_many_rooms_as_it_may_be_is_not_added_and_that_is_logged()
    {
        var anna = await EnterAsync("anna");
        foreach (var room in new[] { "a", "b", "c" })
            await Broadcaster.JoinUserAsync("anna", room);

        await WaitForRoomsAsync("anna", "a", "b", "lobby");
        await Patience.UntilAsync(() => Host.Logs.GetSnapshot().Any(static record => record.Id.Id == 410), "it is logged");
        var line = Host.Logs.GetSnapshot().Single(static record => record.Id.Id == 410);
        Assert.Equal((LogLevel.Warning, true), (line.Level, line.Message.Contains("room c", StringComparison.Ordinal)));
        Assert.False(anna.Ended.IsCompleted);
    }

    [Fact]
    public async Task A_user_who_is_taken_out_is_notified_and_receives_nothing_more_of_the_room()
    {
        var (anna, bob) = (await EnterAsync("anna"), await EnterAsync("bob"));
        await JoinAsync(anna, "team");
        await JoinAsync(bob, "team");

        await Broadcaster.LeaveUserAsync("anna", "team", "The team was closed.");
        Assert.Equal("""{"type":"left","room":"team","reason":"The team was closed."}""", await anna.Client.ReceiveTextAsync());
        await Broadcaster.BroadcastAsync("team", "unseen");
        await Broadcaster.BroadcastAsync("lobby", "seen");

        Assert.Equal("seen", (string?)(await anna.Client.ReceiveJsonAsync())["data"]);
        Assert.Equal(["seen", "unseen"], (await bob.Client.ReceiveJsonAsync(2)).Shorten().Order());
        await JoinAsync(anna, "team");
    }

    [Fact]
    public async Task A_user_who_is_taken_out_of_the_home_room_stays_connected()
    {
        var anna = await EnterAsync("anna");

        await Broadcaster.LeaveUserAsync("anna", "lobby");
        Assert.Equal("""{"type":"left","room":"lobby"}""", await anna.Client.ReceiveTextAsync());
        await anna.Client.SendAsync("""{"type":"message","ref":"m","data":"hi"}""");
        Assert.Equal("not_joined", (string?)(await anna.Client.ReceiveJsonAsync())["code"]);
        await Broadcaster.SendToUserAsync("anna", "still here");

        Assert.Equal("still here", (string?)(await anna.Client.ReceiveJsonAsync())["data"]);
    }

    [Fact]
    public async Task A_removal_whose_announcement_is_lost_is_found_by_the_check()
    {
        var (anna, bob) = (await EnterAsync("anna"), await EnterAsync("bob"));
        foreach (var client in new[] { anna, bob })
            await JoinAsync(client, "team");
        _room.Backplane.LosesAnnouncements = true;

        await Broadcaster.LeaveUserAsync("anna", "team", "go");
        _room.Check();

        Assert.Equal("""{"type":"left","room":"team","reason":"go"}""", await anna.Client.ReceiveTextAsync());
        await Broadcaster.BroadcastAsync("team", "for bob");
        await Broadcaster.BroadcastAsync("lobby", "for all");
        Assert.Equal(["for all"], (await anna.Client.ReceiveJsonAsync(1)).Shorten());
        Assert.Equal(["for all", "for bob"], (await bob.Client.ReceiveJsonAsync(2)).Shorten().Order());
    }

    [Fact]
    public async Task A_removal_that_was_announced_does_not_affect_a_later_join_when_the_check_finds_it()
    {
        var anna = await EnterAsync("anna");
        await JoinAsync(anna, "team");

        await Broadcaster.LeaveUserAsync("anna", "team");
        Assert.Equal("left", (string?)(await anna.Client.ReceiveJsonAsync())["type"]);
        await JoinAsync(anna, "team");
        _room.Check();
        _room.Check();
        await Broadcaster.BroadcastAsync("team", "still here");

        Assert.Equal("still here", (string?)(await anna.Client.ReceiveJsonAsync())["data"]);
    }

    [Fact]
    public async Task A_user_who_is_added_again_stays_even_if_the_announcement_of_the_removal_was_lost()
    {
        var anna = await EnterAsync("anna");
        await JoinAsync(anna, "team");
        _room.Backplane.LosesAnnouncements = true;
        await Broadcaster.LeaveUserAsync("anna", "team");
        _room.Backplane.LosesAnnouncements = false;
        Host.Clock.Advance(TimeSpan.FromMilliseconds(5));

        await Broadcaster.JoinUserAsync("anna", "team");
        await Broadcaster.GetRoomsAsync("anna").AsTask().Soon();
        _room.Check();
        await Broadcaster.BroadcastAsync("team", "still here");

        Assert.Equal("still here", (string?)(await anna.Client.ReceiveJsonAsync())["data"]);
    }

    [Fact]
    public async Task A_removal_that_cannot_be_stored_throws_and_removes_nobody()
    {
        var anna = await EnterAsync("anna");
        await JoinAsync(anna, "team");
        _room.History.Down = true;

        await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await Broadcaster.LeaveUserAsync("anna", "team"));

        _room.History.Down = false;
        await Broadcaster.BroadcastAsync("team", "still here");
        Assert.Equal("still here", (string?)(await anna.Client.ReceiveJsonAsync())["data"]);
    }

    [Fact]
    public async Task The_rooms_of_a_user_are_those_of_all_connections()
    {
        var (phone, laptop) = (await EnterAsync("anna"), await EnterAsync("anna", room: "other"));
        await EnterAsync("bob", room: "of bob");
        await JoinAsync(phone, "team");
        await JoinAsync(laptop, "team");

        Assert.Equal(["lobby", "other", "team"], (await Broadcaster.GetRoomsAsync("anna").AsTask().Soon()).Order());
        Assert.Equal(["of bob"], await Broadcaster.GetRoomsAsync("bob").AsTask().Soon());
        Assert.Empty(await Broadcaster.GetRoomsAsync("nobody").AsTask().Soon());
    }

    [Fact]
    public async Task If_the_backplane_does_not_know_how_many_nodes_answer_the_rooms_are_known_after_2_seconds()
    {
        await EnterAsync("anna");
        _room.Backplane.CountsNodes = false;

        var asking = Broadcaster.GetRoomsAsync("anna").AsTask();
        await Patience.UntilAsync(() => _room.Backplane.Announcements == 2, "the node has answered");
        Assert.False(asking.IsCompleted);
        Host.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(["lobby"], await asking.Soon());
    }

    [Fact]
    public async Task A_node_that_does_not_answer_within_2_seconds_is_left_out_and_that_is_logged()
    {
        await EnterAsync("anna");
        _room.Backplane.LosesAnnouncements = true;

        var asking = Broadcaster.GetRoomsAsync("anna").AsTask();
        Assert.False(asking.IsCompleted);
        Host.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Empty(await asking.Soon());
        Assert.Single(Host.Logs.GetSnapshot(), static record => record.Id.Id == 412);
    }

    [Theory]
    [InlineData("", "team", null, "userId")]
    [InlineData("anna", "a\nb", null, "room")]
    [InlineData("anna", "team", "long", "reason")]
    public async Task Invalid_arguments_are_refused(string user, string room, string? reason, string parameter)
    {
        reason = reason is null ? null : new string('x', 124);
        var thrown = await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Broadcaster.LeaveUserAsync(user, room, reason));
        Assert.Equal(parameter, thrown.ParamName);
        if (reason is not null)
            return;
        thrown = await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Broadcaster.JoinUserAsync(user, room));
        Assert.Equal(parameter, thrown.ParamName);
        if (user.Length == 0)
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Broadcaster.GetRoomsAsync(user));
    }

    private async Task<ChatConnection> EnterAsync(string user, ScriptedHandler? handler = null, string room = "lobby")
    {
        var connection = Host.Connect(room, handler, Options, abort => new()
        {
            Room = room,
            Abort = abort,
            Subprotocol = ChatKitSubprotocol.V1,
            User = Users.Named(user),
        });
        await connection.Client.ReceiveJsonUntilAsync("live");
        return connection;
    }

    private static async Task<List<JsonObject>> JoinAsync(ChatConnection connection, string room)
    {
        await connection.Client.SendAsync($$"""{"type":"join","room":"{{room}}"}""");
        return await connection.Client.ReceiveJsonUntilAsync("live");
    }

    private Task WaitForRoomsAsync(string user, params string[] rooms) => Patience.UntilAsync(
        async () => (await Broadcaster.GetRoomsAsync(user).AsTask().Soon()).Order().SequenceEqual(rooms), $"{user} is in {string.Join(", ", rooms)}");
}

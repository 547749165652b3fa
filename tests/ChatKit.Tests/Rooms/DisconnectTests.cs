using System.Net.WebSockets;
using ChatKit.Tests.Fixtures;
using static ChatKit.Tests.Rooms.RoomFixture;

namespace ChatKit.Tests.Rooms;

/// <summary>That a user is disconnected arrives, also where the announcement of it does not.</summary>
public class DisconnectTests
{
    private static readonly WebSocketConnectionOptions NoPings = new() { PingInterval = Timeout.InfiniteTimeSpan };

    [Fact]
    public async Task A_disconnect_whose_announcement_is_lost_is_found_by_the_check()
    {
        await using var room = new RoomFixture();
        var (anna, bob) = (await EnterAsync(room, "anna"), await EnterAsync(room, "bob"));
        room.Backplane.LosesAnnouncements = true;

        await room.Host.Broadcaster.DisconnectUserAsync("anna", (WebSocketCloseStatus)4001, "go");
        Assert.False(anna.Ended.IsCompleted);
        room.Check();

        Assert.Equal((4001, "go"), await anna.Client.ReceiveAndAnswerCloseAsync());
        Assert.False(bob.Ended.IsCompleted);
    }

    [Fact]
    public async Task A_connection_that_is_still_opening_is_closed_and_joins_no_room()
    {
        await using var room = new RoomFixture();
        var opening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var handler = new ScriptedHandler
        {
            Open = async _ =>
            {
                opening.SetResult();
                await goOn.Task;
            },
        };
        var anna = room.Host.Connect(Name, handler, NoPings, Info("anna"));
        await opening.Task.Soon();

        await room.Host.Broadcaster.DisconnectUserAsync("anna");
        room.Check();
        Assert.Equal(1008, (await anna.Client.ReceiveAndAnswerCloseAsync()).Code);
        goOn.SetResult();
        await anna.Ended.Soon();

        Assert.Empty(handler.AuthorizeCalls);
        Assert.Equal((WebSocketCloseStatus)1008, (await handler.Closed.Soon()).Code);
    }

    [Fact]
    public async Task A_connection_opened_after_the_disconnect_stays_open()
    {
        await using var room = new RoomFixture();
        var anna = await EnterAsync(room, "anna");
        await room.Host.Broadcaster.DisconnectUserAsync("anna");
        await anna.Client.ReceiveAndAnswerCloseAsync();
        room.Host.Clock.Advance(TimeSpan.FromMilliseconds(1));

        var again = await EnterAsync(room, "anna");
        room.Check();
        room.Check();
        await room.Host.Broadcaster.BroadcastAsync(Name, "still here");

        Assert.Equal("still here", await again.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_disconnect_that_cannot_be_stored_throws_and_closes_no_connection()
    {
        await using var room = new RoomFixture();
        var anna = await EnterAsync(room, "anna");
        room.History.Down = true;

        await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await room.Host.Broadcaster.DisconnectUserAsync("anna"));

        room.History.Down = false;
        room.Check();
        await room.Host.Broadcaster.BroadcastAsync(Name, "still here");
        Assert.Equal("still here", await anna.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_node_that_could_not_read_the_disconnects_reads_them_at_the_next_check()
    {
        await using var room = new RoomFixture();
        var anna = await EnterAsync(room, "anna");
        room.Backplane.LosesAnnouncements = true;
        await room.Host.Broadcaster.DisconnectUserAsync("anna");

        room.History.Down = true;
        room.Check();
        await Patience.UntilAsync(() => room.Host.Logs.GetSnapshot().Any(static record => record.Id.Id == 211), "the failed read is logged");
        room.History.Down = false;
        room.Check();

        Assert.Equal(1008, (await anna.Client.ReceiveAndAnswerCloseAsync()).Code);
    }

    private static async Task<ChatConnection> EnterAsync(RoomFixture room, string user)
    {
        var connection = room.Host.Connect(Name, new ScriptedHandler(), NoPings, Info(user));
        await connection.WaitUntilEnteredAsync();
        return connection;
    }

    private static Func<Action, WebSocketConnectionInfo> Info(string user) => abort => new() { Room = Name, Abort = abort, User = Users.Named(user) };
}

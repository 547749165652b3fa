using System.Net.WebSockets;
using System.Security.Claims;
using System.Text.Json.Nodes;
using ChatKit.ChatKitV1;
using ChatKit.Rooms.Presence;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Rooms.Presence;

public class PresenceTests
{
    [Fact]
    public async Task A_client_is_told_who_is_there_and_who_comes_and_goes()
    {
        await using var host = new ChatHost();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());

        var bob = await host.EnterTrackedAsync("bob");
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());
        Assert.Contains(await bob.ReceivePresenceAsync(), new[] { "here anna", "here anna bob" });
        await AreThereAsync(host, ["anna", "bob"]);
        bob.Client.Vanish();
        await bob.Ended.Soon();
        host.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("left bob", await anna.ReceivePresenceAsync());
        await AreThereAsync(host, ["anna"]);
    }

    [Fact]
    public async Task One_who_is_back_within_five_seconds_was_never_away()
    {
        await using var host = new ChatHost();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        var bob = await host.EnterTrackedAsync("bob");
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());

        for (var i = 0; i < 3; i++)
        {
            bob.Client.Vanish();
            await bob.Ended.Soon();
            host.Clock.Advance(TimeSpan.FromSeconds(4));
            await AreThereAsync(host, ["anna", "bob"]);
            bob = await host.EnterTrackedAsync("bob");
            host.Clock.Advance(TimeSpan.FromSeconds(4));
        }

        await host.EnterTrackedAsync("carl");
        Assert.Equal("joined carl", await anna.ReceivePresenceAsync());
    }

    [Fact]
    public async Task Who_joins_finds_itself_among_those_who_are_here_and_is_not_announced_to_itself()
    {
        await using var host = new ChatHost();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());

        var bob = await host.EnterTrackedAsync("bob");
        Assert.Equal("here anna bob", await bob.ReceivePresenceAsync());
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());
        await Patience.UntilAsync(async () => (await ListAsync(host)).Length == 2, "it was announced");
        var carl = await host.EnterTrackedAsync("carl");

        Assert.Equal("here anna bob carl", await carl.ReceivePresenceAsync());
        Assert.Equal("joined carl", await bob.ReceivePresenceAsync());
        Assert.Equal("joined carl", await anna.ReceivePresenceAsync());
    }

    [Fact]
    public async Task Two_people_of_the_same_name_are_two()
    {
        await using var host = new ChatHost();
        var namesake = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "Same Name")], "test"));
        foreach (var id in new[] { "c1", "c2" })
        {
            var connection = host.Connect("lobby", new ScriptedHandler(), V1.Tracking, abort => new()
            {
                Room = "lobby",
                Abort = abort,
                Id = id,
                Subprotocol = ChatKitSubprotocol.V1,
                User = namesake,
            });
            await connection.Client.ReceiveJsonUntilAsync("presence");
        }

        await Patience.UntilAsync(async () => (await ListAsync(host)).SequenceEqual(["c1", "c2"]), "both are there");
    }

    [Fact]
    public async Task Two_tabs_are_one_person()
    {
        await using var host = new ChatHost();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        var one = await host.EnterTrackedAsync("bob");
        var other = await host.EnterTrackedAsync("bob");
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());

        one.Client.Vanish();
        await one.Ended.Soon();
        host.Clock.Advance(TimeSpan.FromSeconds(6));
        await AreThereAsync(host, ["anna", "bob"]);
        other.Client.Vanish();
        await other.Ended.Soon();
        host.Clock.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal("left bob", await anna.ReceivePresenceAsync());
    }

    [Fact]
    public async Task Nobody_is_there_by_the_id_of_the_connection()
    {
        await using var host = new ChatHost();
        var connection = host.Connect("lobby", null, V1.Tracking, static abort => new()
        {
            Room = "lobby",
            Abort = abort,
            Id = "c1",
            Subprotocol = ChatKitSubprotocol.V1,
        });
        await connection.Client.ReceiveJsonUntilAsync("live");

        Assert.Equal("here c1", await connection.ReceivePresenceAsync());
    }

    [Fact]
    public async Task Whom_the_endpoint_does_not_track_nobody_is_told_of()
    {
        await using var host = new ChatHost();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());

        await host.EnterAsync();
        await host.EnterTrackedAsync("bob");

        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());
        await AreThereAsync(host, ["anna", "bob"]);
    }

    [Fact]
    public async Task A_room_in_which_nobody_is_tracked_tells_nothing()
    {
        await using var host = new ChatHost();
        var (connection, frames) = await host.EnterV1Async();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await host.Broadcaster.BroadcastAsync("lobby", "hi");

        Assert.Equal("live", Assert.Single(frames.Shorten()));
        Assert.Equal(["hi"], (await connection.Client.ReceiveJsonAsync(1)).Shorten());
        Assert.Empty(await ListAsync(host));
    }

    [Fact]
    public async Task A_plain_client_is_counted_and_told_nothing()
    {
        await using var host = new ChatHost();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        var plain = await host.EnterAsync(options: V1.Tracking, info: static abort => new() { Room = "lobby", Abort = abort, User = Users.Named("plain") });
        Assert.Equal("joined plain", await anna.ReceivePresenceAsync());

        await host.Broadcaster.BroadcastAsync("lobby", "hi");

        Assert.Equal("hi", await plain.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task Whoever_cancels_its_join_is_not_there()
    {
        await using var host = new ChatHost();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        var bob = await host.EnterAsync(
            options: new() { TrackPresence = true, PingInterval = Timeout.InfiniteTimeSpan, OutboundQueueLimit = 4096 },
            info: static abort => new() { Room = "home", Abort = abort, User = Users.Named("bob") },
            buffer: 512);
        await bob.Handler.Send(new string('x', 3000));
        using var cancel = new CancellationTokenSource();
        var join = bob.Handler.Join("lobby", cancel.Token).AsTask();
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());
        await AreThereAsync(host, ["anna", "bob"]);

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(join.Soon);
        host.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("left bob", await anna.ReceivePresenceAsync());
        await AreThereAsync(host, ["anna"]);
    }

    [Fact]
    public async Task Every_room_that_a_connection_joins_knows_it()
    {
        await using var host = new ChatHost();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        await anna.EnteredV1Async();

        await anna.Handler.Join("other");
        await Patience.UntilAsync(async () => (await ListAsync(host, "other")).SequenceEqual(["anna"]), "the room knows");
        await anna.Handler.Leave("other");
        host.Clock.Advance(TimeSpan.FromSeconds(5));

        await Patience.UntilAsync(async () => (await ListAsync(host, "other")).Length == 0, "the room knows");
        await AreThereAsync(host, ["anna"]);
    }

    [Fact]
    public async Task What_was_not_announced_is_found_by_the_check()
    {
        await using var host = new ChatHost();
        var store = host.Services.GetRequiredService<IPresenceStore>();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());

        await store.EnterAsync("lobby", ["far", "away"], TimeSpan.FromMinutes(1));
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("joined away far", await anna.ReceivePresenceAsync());
        await store.LeaveAsync("lobby", "far");
        host.Clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal("left far", await anna.ReceivePresenceAsync());
    }

    [Fact]
    public async Task A_store_that_was_away_learns_who_came_meanwhile()
    {
        var store = new FaultyPresenceStore { Down = true };
        await using var host = new ChatHost(services: services => services.AddSingleton<IPresenceStore>(store));
        var anna = await host.EnterTrackedAsync("anna");

        store.Down = false;
        await Patience.UntilAsync(
            async () =>
            {
                host.Clock.Advance(TimeSpan.FromSeconds(1));
                return (await ListAsync(host)).SequenceEqual(["anna"]);
            },
            "the store has been told");

        // A check that has begun before the store knew her may still be under way, and no other begins meanwhile.
        var told = anna.ReceivePresenceAsync();
        await Patience.UntilAsync(
            () =>
            {
                host.Clock.Advance(TimeSpan.FromSeconds(10));
                return told.IsCompleted;
            },
            "anna is told");

        Assert.Equal("here anna", await told);
    }

    [Fact]
    public async Task A_user_is_disconnected_from_every_room()
    {
        await using var host = new ChatHost();
        var one = await host.EnterTrackedAsync("anna");
        var other = await host.EnterTrackedAsync("anna", "other");
        var bob = await host.EnterTrackedAsync("bob");

        await host.Broadcaster.DisconnectUserAsync("anna", (WebSocketCloseStatus)4001, "go");

        Assert.Equal((4001, "go"), await CloseOf(one));
        Assert.Equal((4001, "go"), await CloseOf(other));
        Assert.False(bob.Ended.IsCompleted);
    }

    [Fact]
    public async Task What_was_said_to_a_user_before_comes_before_the_close()
    {
        await using var host = new ChatHost();
        var anna = host.Connect("lobby", null, null, static abort => new() { Room = "lobby", Abort = abort, User = Users.Named("anna") });
        anna.Handler = new ScriptedHandler();
        await Patience.UntilAsync(() => host.Rooms.Count == 2, "anna is there");

        for (var i = 0; i < 3; i++)
            await host.Broadcaster.SendToUserAsync("anna", $"{i}");
        await host.Broadcaster.DisconnectUserAsync("anna");

        Assert.Equal(["0", "1", "2"], await anna.Client.ReceiveTextsAsync(3));
        Assert.Equal(1008, (await CloseOf(anna)).Code);
    }

    [Fact]
    public async Task A_client_that_was_too_slow_to_hear_who_came_is_told_who_is_there()
    {
        await using var room = new ChatKit.Tests.Rooms.RoomFixture();
        var slow = new ChatKit.Tests.Rooms.FakeRoomClient("slow") { Format = WireFormat.V1, PresentAs = "slow" };
        await room.JoinAsync(slow);
        await slow.ReceiveAsync(2);

        slow.Take(0);
        var store = room.Host.Services.GetRequiredService<IPresenceStore>();
        await store.EnterAsync("r", ["far"], TimeSpan.FromMinutes(1));
        room.Check();
        await Patience.UntilAsync(() => room.Host.Logs.GetSnapshot().Any(static record => record.Id.Id == 208), "it has missed something");
        slow.Take();
        room.Check();

        var here = JsonNode.Parse((await slow.ReceiveAsync(3))[^1])!["here"]!.AsArray().Select(static member => (string?)member);
        Assert.Equal(["far", "slow"], here.Order());
    }

    [Fact]
    public async Task What_no_close_frame_can_carry_is_refused()
    {
        await using var host = new ChatHost();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await host.Broadcaster.DisconnectUserAsync("anna", (WebSocketCloseStatus)1006));
        await Assert.ThrowsAsync<ArgumentException>(async () => await host.Broadcaster.DisconnectUserAsync("anna", reason: new string('x', 124)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await host.Broadcaster.DisconnectUserAsync(""));
        await Assert.ThrowsAsync<ArgumentException>(async () => await host.Services.GetRequiredService<IRoomPresence>().ListAsync(""));
    }

    private static async Task<(int Code, string? Reason)> CloseOf(ChatConnection connection) =>
        await connection.Client.ReceiveAndAnswerCloseAsync();

    /// <summary>Those in the room hear of somebody before the store does.</summary>
    private static Task AreThereAsync(ChatHost host, string[] members) =>
        Patience.UntilAsync(async () => (await ListAsync(host)).SequenceEqual(members), $"those who are there are {string.Join(", ", members)}");

    private static async Task<string[]> ListAsync(ChatHost host, string room = "lobby") =>
        [.. (await host.Services.GetRequiredService<IRoomPresence>().ListAsync(room)).Order()];

    private sealed class FaultyPresenceStore : IPresenceStore
    {
        private readonly InProcessPresenceStore _inner = new();

        public bool Down { get; set; }

        public ValueTask<int> EnterAsync(string room, IReadOnlyCollection<string> members, TimeSpan lifetime) =>
            Down ? throw new HistoryUnavailableException() : _inner.EnterAsync(room, members, lifetime);

        public ValueTask<bool> LeaveAsync(string room, string member) =>
            Down ? throw new HistoryUnavailableException() : _inner.LeaveAsync(room, member);

        public ValueTask<IReadOnlyCollection<string>> ListAsync(string room, CancellationToken cancellationToken) =>
            Down ? throw new HistoryUnavailableException() : _inner.ListAsync(room, cancellationToken);
    }
}

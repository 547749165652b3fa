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
    public async Task A_client_gets_the_present_members_and_who_joins_and_leaves()
    {
        await using var host = new ChatHost();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());

        var bob = await host.EnterTrackedAsync("bob");
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());
        Assert.Contains(await bob.ReceivePresenceAsync(), new[] { "here anna", "here anna bob" });
        await WaitForMembersAsync(host, ["anna", "bob"]);
        bob.Client.Disconnect();
        await bob.Ended.Soon();
        host.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("left bob", await anna.ReceivePresenceAsync());
        await WaitForMembersAsync(host, ["anna"]);
    }

    [Fact]
    public async Task A_user_who_reconnects_within_five_seconds_does_not_leave()
    {
        await using var host = new ChatHost();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        var bob = await host.EnterTrackedAsync("bob");
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());

        for (var i = 0; i < 3; i++)
        {
            bob.Client.Disconnect();
            await bob.Ended.Soon();
            host.Clock.Advance(TimeSpan.FromSeconds(4));
            await WaitForMembersAsync(host, ["anna", "bob"]);
            bob = await host.EnterTrackedAsync("bob");
            host.Clock.Advance(TimeSpan.FromSeconds(4));
        }

        await host.EnterTrackedAsync("carl");
        Assert.Equal("joined carl", await anna.ReceivePresenceAsync());
    }

    [Fact]
    public async Task A_client_that_joins_is_in_its_own_member_list_and_gets_no_joined_event_for_itself()
    {
        await using var host = new ChatHost();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());

        var bob = await host.EnterTrackedAsync("bob");
        Assert.Equal("here anna bob", await bob.ReceivePresenceAsync());
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());
        await Patience.UntilAsync(async () => (await ListAsync(host)).Length == 2, "bob is stored");
        var carl = await host.EnterTrackedAsync("carl");

        Assert.Equal("here anna bob carl", await carl.ReceivePresenceAsync());
        Assert.Equal("joined carl", await bob.ReceivePresenceAsync());
        Assert.Equal("joined carl", await anna.ReceivePresenceAsync());
    }

    [Fact]
    public async Task Two_users_with_the_same_display_name_are_two_members()
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

        await Patience.UntilAsync(async () => (await ListAsync(host)).SequenceEqual(["c1", "c2"]), "both are present");
    }

    [Fact]
    public async Task Two_tabs_of_a_user_are_one_member()
    {
        await using var host = new ChatHost();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        var one = await host.EnterTrackedAsync("bob");
        var other = await host.EnterTrackedAsync("bob");
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());

        one.Client.Disconnect();
        await one.Ended.Soon();
        host.Clock.Advance(TimeSpan.FromSeconds(6));
        await WaitForMembersAsync(host, ["anna", "bob"]);
        other.Client.Disconnect();
        await other.Ended.Soon();
        host.Clock.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal("left bob", await anna.ReceivePresenceAsync());
    }

    [Fact]
    public async Task An_anonymous_client_is_present_by_its_connection_id()
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
    public async Task A_client_of_an_endpoint_without_tracking_is_not_announced()
    {
        await using var host = new ChatHost();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());

        await host.EnterAsync();
        await host.EnterTrackedAsync("bob");

        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());
        await WaitForMembersAsync(host, ["anna", "bob"]);
    }

    [Fact]
    public async Task A_room_without_tracked_members_sends_no_presence_frames()
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
    public async Task A_plain_client_is_a_member_but_gets_no_presence_frames()
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
    public async Task A_canceled_join_removes_the_member_from_presence()
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
        await WaitForMembersAsync(host, ["anna", "bob"]);

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(join.Soon);
        host.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("left bob", await anna.ReceivePresenceAsync());
        await WaitForMembersAsync(host, ["anna"]);
    }

    [Fact]
    public async Task A_connection_is_present_in_every_room_that_it_joins()
    {
        await using var host = new ChatHost();
        var anna = await host.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        await anna.WaitUntilEnteredV1Async();

        await anna.Handler.Join("other");
        await Patience.UntilAsync(async () => (await ListAsync(host, "other")).SequenceEqual(["anna"]), "the room lists the right members");
        await anna.Handler.Leave("other");
        host.Clock.Advance(TimeSpan.FromSeconds(5));

        await Patience.UntilAsync(async () => (await ListAsync(host, "other")).Length == 0, "the room lists the right members");
        await WaitForMembersAsync(host, ["anna"]);
    }

    [Fact]
    public async Task A_presence_change_whose_announcement_is_lost_is_found_by_the_check()
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
    public async Task A_member_that_joined_while_the_store_was_down_is_stored_when_it_is_back()
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
            "the store lists anna");

        // A check that has begun before the store knew her may still be under way, and no other begins meanwhile.
        var frame = anna.ReceivePresenceAsync();
        await Patience.UntilAsync(
            () =>
            {
                host.Clock.Advance(TimeSpan.FromSeconds(10));
                return frame.IsCompleted;
            },
            "anna gets the member list");

        Assert.Equal("here anna", await frame);
    }

    [Fact]
    public async Task Data_that_changed_while_the_store_was_down_is_stored_when_it_is_back()
    {
        var store = new FaultyPresenceStore();
        await using var host = new ChatHost(services: services => services.AddSingleton<IPresenceStore>(store));
        var anna = await host.EnterTrackedAsync("anna");
        await anna.Handler.Connection.SetPresenceAsync("before", PresenceJson.Default.String);
        await Patience.UntilAsync(
            async () => (await store.ReadAsync("lobby", default)).SequenceEqual([new("anna", "\"before\"")]), "the data is stored");
        store.Down = true;
        await anna.Handler.Connection.SetPresenceAsync("after", PresenceJson.Default.String);
        await Patience.UntilAsync(() => host.Logs.GetSnapshot().Any(static record => record.Id.Id == 209), "storing has failed");

        store.Down = false;
        await Patience.UntilAsync(
            async () =>
            {
                host.Clock.Advance(TimeSpan.FromSeconds(1));
                return (await store.ReadAsync("lobby", default)).SequenceEqual([new("anna", "\"after\"")]);
            },
            "the new data is stored");
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
    public async Task Messages_sent_to_a_user_before_the_disconnect_arrive_before_the_close()
    {
        await using var host = new ChatHost();
        var anna = host.Connect("lobby", null, null, static abort => new() { Room = "lobby", Abort = abort, User = Users.Named("anna") });
        anna.Handler = new ScriptedHandler();
        await Patience.UntilAsync(() => host.Rooms.Count == 2, "anna is in both rooms");

        for (var i = 0; i < 3; i++)
            await host.Broadcaster.SendToUserAsync("anna", $"{i}");
        await host.Broadcaster.DisconnectUserAsync("anna");

        Assert.Equal(["0", "1", "2"], await anna.Client.ReceiveTextsAsync(3));
        Assert.Equal(1008, (await CloseOf(anna)).Code);
    }

    [Fact]
    public async Task A_client_too_slow_for_a_joined_event_gets_the_member_list_later()
    {
        await using var room = new ChatKit.Tests.Rooms.RoomFixture();
        var slow = new ChatKit.Tests.Rooms.FakeRoomClient("slow") { Format = WireFormat.V1, PresentAs = "slow" };
        await room.JoinAsync(slow);
        await slow.ReceiveAsync(2);

        slow.Accept(0);
        var store = room.Host.Services.GetRequiredService<IPresenceStore>();
        await store.EnterAsync("r", ["far"], TimeSpan.FromMinutes(1));
        room.Check();
        await Patience.UntilAsync(() => room.Host.Logs.GetSnapshot().Any(static record => record.Id.Id == 208), "the client has missed an event");
        slow.Accept();
        room.Check();

        var here = JsonNode.Parse((await slow.ReceiveAsync(3))[^1])!["here"]!.AsArray().Select(static member => (string?)member);
        Assert.Equal(["far", "slow"], here.Order());
    }

    [Fact]
    public async Task A_code_or_reason_that_does_not_fit_into_a_close_frame_is_rejected()
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
    private static Task WaitForMembersAsync(ChatHost host, string[] members) =>
        Patience.UntilAsync(async () => (await ListAsync(host)).SequenceEqual(members), $"the members are {string.Join(", ", members)}");

    private static async Task<string[]> ListAsync(ChatHost host, string room = "lobby") =>
        [.. (await host.Services.GetRequiredService<IRoomPresence>().ListAsync(room)).Order()];

    private sealed class FaultyPresenceStore : IPresenceStore
    {
        private readonly InProcessPresenceStore _inner = new();

        public bool Down { get; set; }

        public ValueTask<int> EnterAsync(string room, IReadOnlyCollection<MemberData> members, TimeSpan lifetime, bool isRenewal) =>
            Down ? throw new HistoryUnavailableException() : _inner.EnterAsync(room, members, lifetime, isRenewal);

        public ValueTask<bool> LeaveAsync(string room, string member) =>
            Down ? throw new HistoryUnavailableException() : _inner.LeaveAsync(room, member);

        public ValueTask<IReadOnlyCollection<string>> ListAsync(string room, CancellationToken cancellationToken) =>
            Down ? throw new HistoryUnavailableException() : _inner.ListAsync(room, cancellationToken);

        public ValueTask<IReadOnlyCollection<MemberData>> ReadAsync(string room, CancellationToken cancellationToken) =>
            Down ? throw new HistoryUnavailableException() : _inner.ReadAsync(room, cancellationToken);
    }
}

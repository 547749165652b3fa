using ChatKit.Redis;
using ChatKit.Rooms;
using ChatKit.TestKit.Contracts;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

public sealed class RedisClusterTests(RedisCluster cluster) : IClassFixture<RedisCluster>, IAsyncLifetime
{
    private readonly string _prefix = RedisHost.NewPrefix();
    private readonly List<ChatHost> _hosts = [];

    public async ValueTask InitializeAsync()
    {
        Requirement.RedisServer();
        await cluster.SettleAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
    }

    [Fact]
    public async Task Rooms_on_every_node_of_a_cluster_are_shared_by_the_nodes_of_the_application()
    {
        var (here, there) = (Start(), Start());
        var rooms = Enumerable.Range(0, 30).Select(static i => $"room {i}").ToList();
        Assert.Equal(3, rooms.Select(NodeOf).Distinct().Count());
        foreach (var room in rooms)
        {
            var (ann, bob) = (await here.EnterAsync(room), await there.EnterAsync(room));
            await here.Broadcaster.BroadcastAsync(room, "1");
            await there.Broadcaster.BroadcastAsync(room, "2");
            await there.Broadcaster.BroadcastAsync(room, "ephemeral", new RoomBroadcastOptions { Store = false });

            Assert.Equal(["1", "2", "ephemeral"], await ann.Client.ReceiveTextsAsync(3));
            Assert.Equal(["1", "2", "ephemeral"], await bob.Client.ReceiveTextsAsync(3));
            Assert.Equal(["1", "2"], (await here.History.ReadAsync(room)).Messages.Select(static m => m.Text));
        }

        // Only the node that has the room carries its messages.
        foreach (var (node, at) in cluster.Nodes.Select(static (node, at) => (node, at)))
            Assert.Equal(rooms.Where(room => NodeOf(room) == at).Select(Channel).Order(), (await ChannelsAsync(node)).Order());
    }

    [Fact]
    public async Task Messages_that_are_appended_together_on_a_cluster_keep_their_order_and_their_keys()
    {
        const int Count = 40;
        var backplane = Start().Services.GetRequiredService<IBackplane>();
        foreach (var room in Enumerable.Range(0, 10).Select(static i => $"busy room {i}"))
        {
            var subscriber = new RecordingSubscriber();
            await using var subscription = await backplane.SubscribeAsync(room, subscriber);
            await backplane.PublishAsync(room, Message("0"));

            var positions = await Task.WhenAll(Enumerable.Range(1, Count).Select(i => backplane.PublishAsync(
                room, i % 2 == 0 ? Message($"{i}") : Message($"{i}").WithIdempotencyKey($"{i}")).AsTask())).Soon();
            var again = await backplane.PublishAsync(room, Message("again").WithIdempotencyKey("39"));

            Assert.Equal(Enumerable.Range(2, Count), positions.Select(static position => (int)position!.Value.Sequence));
            Assert.Equal(positions[38], again);
            await subscriber.ReceiveAsync(Count + 1);
            Assert.Equal(Enumerable.Range(0, Count + 1).Select(static i => $"{i}"), subscriber.Texts);
        }

        static ChatMessage Message(string text) =>
            new(System.Net.WebSockets.WebSocketMessageType.Text, System.Text.Encoding.UTF8.GetBytes(text), DateTimeOffset.UnixEpoch);
    }

    [Fact]
    public async Task Read_cursors_of_rooms_on_every_node_of_a_cluster_are_counted_at_once()
    {
        var (here, there) = (Start(), Start());
        var options = new WebSocketConnectionOptions { TrackReads = true, ShareReads = true };
        var rooms = Enumerable.Range(0, 30).Select(static i => $"room {i}").ToList();
        foreach (var room in rooms)
        {
            var first = await here.Broadcaster.BroadcastAsync(room, "1");
            await here.Broadcaster.BroadcastAsync(room, "2");
            var (anna, _) = await here.EnterAsAsync("anna", options, room);
            var (bob, _) = await there.EnterAsAsync("bob", options, room);
            await anna.Client.SendAsync($$"""{"type":"read","position":"{{first}}"}""");
            Assert.Equal("read", (string?)(await bob.Client.ReceiveJsonAsync())["type"]);
        }

        var unread = await there.Services.GetRequiredService<IRoomReads>().GetUnreadAsync("anna", rooms);

        Assert.All(rooms, room => Assert.Equal(1, unread[room]));
    }

    [Fact]
    public async Task The_rooms_of_users_on_every_node_of_a_cluster_are_known()
    {
        var (here, there) = (Start(), Start());
        for (var i = 0; i < 10; i++)
        {
            await here.EnterTrackedAsync($"user {i}", "a");
            await there.EnterTrackedAsync($"user {i}", "b");
        }

        for (var i = 0; i < 10; i++)
            Assert.Equal(["a", "b"], (await here.Broadcaster.GetRoomsAsync($"user {i}").AsTask().Soon()).Order());
    }

    [Fact]
    public async Task The_last_member_that_leaves_a_room_in_a_cluster_leaves_no_subscription_behind()
    {
        var here = Start();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
        {
            for (var again = 0; again < 3; again++)
            {
                var subscriber = new ChatKit.TestKit.Contracts.RecordingSubscriber();
                await using var subscription = await here.Backplane.SubscribeAsync($"room {i}", subscriber);
                await here.Backplane.PublishAsync($"room {i}", new(default, "x"u8.ToArray(), default));
                await subscriber.ReceiveAsync(1);
            }
        })).Soon();

        foreach (var node in cluster.Nodes)
            Assert.Empty(await ChannelsAsync(node));
    }

    [Fact]
    public async Task Nodes_that_start_before_the_cluster_use_sharded_channels()
    {
        Requirement.RedisServer();
        foreach (var node in cluster.Nodes)
            await node.KillAsync();
        var (here, there) = (Start(), Start());
        var member = await there.EnterAsync("early");
        foreach (var node in cluster.Nodes)
            await node.StartAsync();
        await Patience.UntilAsync(() => CanStoreAsync(here, "early"), "the cluster is up");
        Assert.Equal("back", await ReceiveWhileAdvancingAsync(there, member));
        await Patience.UntilAsync(
            async () => (await ChannelsAsync(cluster.Nodes[NodeOf("early")])).Contains(Channel("early")), "the channel is subscribed to");

        await here.Broadcaster.BroadcastAsync("early", "live");
        Assert.Equal("live", await member.Client.ReceiveTextAsync());
        await here.Broadcaster.BroadcastAsync("early", "ephemeral", new RoomBroadcastOptions { Store = false });
        Assert.Equal("ephemeral", await member.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_failing_cluster_node_does_not_affect_rooms_on_other_nodes_and_recovers_by_itself()
    {
        var (here, there) = (Start(), Start());
        var rooms = Enumerable.Range(0, 3).Select(node => Enumerable.Range(0, 1000).Select(static i => $"room {i}").First(room => NodeOf(room) == node)).ToList();
        var members = new List<ChatConnection>();
        foreach (var room in rooms)
            members.Add(await there.EnterAsync(room));
        await here.Broadcaster.BroadcastAsync(rooms[1], "before");
        Assert.Equal("before", await members[1].Client.ReceiveTextAsync());

        await cluster.Nodes[1].KillAsync();
        await Assert.ThrowsAsync<HistoryUnavailableException>(() => here.Broadcaster.BroadcastAsync(rooms[1], "lost").AsTask());
        foreach (var alive in new[] { 0, 2 })
        {
            await here.Broadcaster.BroadcastAsync(rooms[alive], "alive");
            Assert.Equal("alive", await members[alive].Client.ReceiveTextAsync());
        }

        await cluster.Nodes[1].StartAsync();
        await Patience.UntilAsync(() => CanStoreAsync(here, rooms[1]), "the node is back");
        Assert.Equal("back", await members[1].Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_room_that_moves_to_another_cluster_node_keeps_working()
    {
        var (here, there) = (Start(), Start());
        var room = Enumerable.Range(0, 1000).Select(static i => $"moving-{i}").First(room => NodeOf(room) == 0);
        var member = await there.EnterAsync(room);
        await here.Broadcaster.BroadcastAsync(room, "before");
        Assert.Equal("before", await member.Client.ReceiveTextAsync());

        var slot = Slot(room);
        var (from, to) = (cluster.Nodes[0], cluster.Nodes[2]);
        var (source, target) = (await from.CallAsync("CLUSTER MYID"), await to.CallAsync("CLUSTER MYID"));
        await to.CallAsync($"CLUSTER SETSLOT {slot} IMPORTING {source}");
        await from.CallAsync($"CLUSTER SETSLOT {slot} MIGRATING {target}");
        foreach (var key in RedisKeys.OfRoom(_prefix, room))
        {
            // A node that has just joined refuses keys until it has heard of the others.
            var migrated = "";
            await Patience.UntilAsync(
                async () => !(migrated = await from.CallAsync($"MIGRATE 127.0.0.1 {to.Port} {key} 0 5000")).Contains("CLUSTERDOWN", StringComparison.Ordinal),
                "the target accepts keys");
            Assert.Equal("+OK", migrated);
        }

        foreach (var node in new[] { to, from, cluster.Nodes[1] })
            Assert.Equal("+OK", await node.CallAsync($"CLUSTER SETSLOT {slot} NODE {target}"));

        await Patience.UntilAsync(() => CanStoreAsync(here, room), "the room is found on its new node");
        Assert.Equal("back", await ReceiveWhileAdvancingAsync(there, member));
        Assert.Equal(2, (await here.History.ReadAsync(room)).Top.Sequence);
    }

    private static async Task<bool> CanStoreAsync(ChatHost host, string room)
    {
        try
        {
            await host.Broadcaster.BroadcastAsync(room, "back");
            return true;
        }
        catch (HistoryUnavailableException)
        {
            return false;
        }
    }

    /// <summary>A cluster refuses while its nodes look for each other, and nothing says when it stops: what failed is tried again every second.</summary>
    private static async Task<string> ReceiveWhileAdvancingAsync(ChatHost host, ChatConnection member)
    {
        var receiving = member.Client.ReceiveTextAsync();
        await Patience.UntilAsync(
            () =>
            {
                host.Clock.Advance(TimeSpan.FromSeconds(1));
                return receiving.IsCompleted;
            },
            "the message is received");
        return await receiving;
    }

    private async Task<IEnumerable<string>> ChannelsAsync(RedisServer node)
    {
        await using var multiplexer = await ConnectionMultiplexer.ConnectAsync($"{node.Configuration},allowAdmin=true");
        var channels = (string[])(await multiplexer.GetServer(node.Endpoint).ExecuteAsync("PUBSUB", "SHARDCHANNELS"))!;
        return channels.Where(channel => channel != Channel(OtherNodes.Room));
    }

    private string Channel(string room) => RedisKeys.Channel(_prefix, room);

    private int Slot(string room) => RedisClusterSlot.Of($"{_prefix}{{{room}}}");

    private int NodeOf(string room) => Enumerable.Range(0, 3).Last(node => Slot(room) >= 16384 * node / 3);

    private ChatHost Start()
    {
        var host = RedisNode.Start(cluster.Endpoints, _prefix);
        _hosts.Add(host);
        return host;
    }
}

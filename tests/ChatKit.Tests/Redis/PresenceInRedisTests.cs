using System.Text.Json.Nodes;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Redis;

/// <summary>Who is there, and who is thrown out, on two nodes.</summary>
public sealed class PresenceInRedisTests(RedisServer redis) : IClassFixture<RedisServer>
{
    private readonly string _prefix = RedisHost.NewPrefix();

    [Fact]
    public async Task Clients_on_every_node_see_who_joins_and_leaves()
    {
        await using var one = StartHost();
        await using var other = StartHost();
        var anna = await one.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        await Patience.UntilAsync(async () => (await ListAsync(other)).SequenceEqual(["anna"]), "the other node lists anna");

        var bob = await other.EnterTrackedAsync("bob");
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());
        Assert.Contains(await bob.ReceivePresenceAsync(), new[] { "here anna", "here anna bob" });
        await Patience.UntilAsync(async () => (await ListAsync(one)).SequenceEqual(["anna", "bob"]), "both are stored");
        bob.Client.Disconnect();
        await bob.Ended.Soon();
        other.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("left bob", await anna.ReceivePresenceAsync());
    }

    [Fact]
    public async Task Data_and_its_changes_reach_the_clients_on_every_node()
    {
        await using var one = StartHost();
        await using var other = StartHost();
        var anna = await one.EnterTrackedAsync("anna", handler: Describing("Anna"));
        Assert.Equal("""{"anna":{"name":"Anna"}}""", (await anna.Client.ReceiveJsonAsync())["members"]!.ToJsonString());
        await Patience.UntilAsync(async () => (await ListAsync(other)).SequenceEqual(["anna"]), "the other node lists anna");

        var bob = await other.EnterTrackedAsync("bob", handler: Describing("Bob"));
        Assert.Equal("""{"bob":{"name":"Bob"}}""", (await anna.Client.ReceiveJsonUntilAsync("presence"))[^1]["members"]!.ToJsonString());
        JsonNode? members;
        do
        {
            members = (await bob.Client.ReceiveJsonAsync())["members"];
        }
        while (members?["anna"] is null);
        var laptop = await other.EnterTrackedAsync("anna", handler: Describing("Anna B."));

        var changed = (await anna.Client.ReceiveJsonUntilAsync("presence"))[^1];
        Assert.Equal("""{"type":"presence","room":"lobby","changed":["anna"],"members":{"anna":{"name":"Anna B."}}}""", changed.ToJsonString());
        await Patience.UntilAsync(
            async () => (await one.Services.GetRequiredService<IRoomPresence>().ListMembersAsync("lobby"))
                .Any(static member => member.Data?.GetProperty("name").GetString() == "Anna B."),
            "the last data is stored");
        Assert.Equal(2, await other.Services.GetRequiredService<IRoomPresence>().CountAsync("lobby"));

        static ScriptedHandler Describing(string name) => new()
        {
            Open = async self => await self.Connection.SetPresenceAsync(new JsonObject { ["name"] = name }, PresenceJson.Default.JsonObject),
        };
    }

    /// <summary>A client that replaces its connection is on two nodes for a moment.</summary>
    [Fact]
    public async Task A_user_on_two_nodes_neither_joins_nor_leaves_again_and_is_disconnected_on_both()
    {
        await using var one = StartHost();
        await using var other = StartHost();
        var bob = await other.EnterTrackedAsync("bob");
        Assert.Equal("here bob", await bob.ReceivePresenceAsync());
        var old = await one.EnterTrackedAsync("anna");
        Assert.Equal("joined anna", await bob.ReceivePresenceAsync());
        await Patience.UntilAsync(async () => (await ListAsync(other)).SequenceEqual(["anna", "bob"]), "both are stored");

        var next = await other.EnterTrackedAsync("anna");
        Assert.Equal("here anna bob", await next.ReceivePresenceAsync());
        await old.Client.SendCloseAsync();
        await old.Ended.Soon();
        one.Clock.Advance(TimeSpan.FromSeconds(5)); // After that, a user who has left would be announced.
        await one.Broadcaster.BroadcastAsync("lobby", "later");
        Assert.Equal("later", (string?)(await bob.Client.ReceiveJsonAsync())["data"]);

        var another = await one.EnterTrackedAsync("anna");
        await one.Broadcaster.DisconnectUserAsync("anna");
        foreach (var connection in new[] { next, another })
            Assert.Equal(1008, (await connection.Client.ReceiveAndAnswerCloseAsync()).Code);
        await Task.WhenAll(next.Ended, another.Ended).Soon();
    }

    [Fact]
    public async Task A_user_who_reconnects_to_another_node_does_not_leave()
    {
        await using var one = StartHost();
        await using var other = StartHost();
        var anna = await one.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        var bob = await one.EnterTrackedAsync("bob");
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());

        bob.Client.Disconnect();
        await bob.Ended.Soon();
        await other.EnterTrackedAsync("bob");
        await Patience.UntilAsync(async () => await CountAsync("bob") == 2, "both nodes list bob");
        one.Clock.Advance(TimeSpan.FromSeconds(5));
        await Patience.UntilAsync(async () => await CountAsync("bob") == 1, "the first node no longer lists bob");
        await other.EnterTrackedAsync("carl");

        Assert.Equal("joined carl", await anna.ReceivePresenceAsync());
    }

    [Fact]
    public async Task Members_on_a_stopped_node_leave_at_the_next_check()
    {
        await using var one = StartHost();
        var other = StartHost();
        var anna = await one.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        await other.EnterTrackedAsync("bob");
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());

        await other.DisposeAsync();

        var left = anna.ReceivePresenceAsync();
        await Patience.UntilAsync(
            () =>
            {
                one.Clock.Advance(TimeSpan.FromSeconds(10));
                return left.IsCompleted;
            },
            "a check finds that bob has left");
        Assert.Equal("left bob", await left);
    }

    [Fact]
    public async Task After_eviction_of_presence_only_members_that_have_left_are_announced_as_left()
    {
        await using var one = StartHost();
        await using var other = StartHost();
        var anna = await one.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        var bob = await other.EnterTrackedAsync("bob");
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());
        var carl = await other.EnterTrackedAsync("carl");
        Assert.Equal("joined carl", await anna.ReceivePresenceAsync());
        await Patience.UntilAsync(async () => (await ListAsync(one)).Length == 3, "all are stored");
        await CheckAsync(one);
        await CheckAsync(other);

        await using var multiplexer = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(redis.Configuration);
        await multiplexer.GetDatabase().KeyDeleteAsync(ChatKit.Redis.RedisKeys.OfPresence(_prefix, "lobby")[0]);
        carl.Client.Disconnect();
        await carl.Ended.Soon();
        other.Clock.Advance(TimeSpan.FromSeconds(5));

        // Each node has checked the room once, in whichever order.
        await CheckAsync(one);
        await CheckAsync(other);
        await Patience.UntilAsync(async () => (await ListAsync(one)).SequenceEqual(["anna", "bob"]), "the nodes have renewed their members");
        var left = anna.ReceivePresenceAsync();
        await Patience.UntilAsync(
            () =>
            {
                one.Clock.Advance(TimeSpan.FromSeconds(10));
                return left.IsCompleted;
            },
            "carl has left");
        Assert.Equal("left carl", await left);
        Assert.False(bob.Ended.IsCompleted);
    }

    [Fact]
    public async Task After_eviction_of_presence_no_member_leaves_if_one_node_renews_before_it_notices()
    {
        await using var one = StartHost(TimeSpan.FromHours(1));
        await using var other = StartHost(TimeSpan.FromHours(1));
        var anna = await one.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        await other.EnterTrackedAsync("bob");
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());
        await Patience.UntilAsync(async () => (await ListAsync(one)).Length == 2, "both are stored");
        await CheckAsync(one);
        await CheckAsync(other);

        await using var multiplexer = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(redis.Configuration);
        await multiplexer.GetDatabase().KeyDeleteAsync(ChatKit.Redis.RedisKeys.OfPresence(_prefix, "lobby")[0]);
        one.Clock.Advance(TimeSpan.FromSeconds(15));
        await Patience.UntilAsync(async () => (await ListAsync(one)).SequenceEqual(["anna"]), "one node has renewed first");
        await CheckAsync(one);
        await CheckAsync(other);
        await Patience.UntilAsync(async () => (await ListAsync(one)).SequenceEqual(["anna", "bob"]), "the other node has renewed its members");
        await CheckAsync(one);
        await CheckAsync(one);
        await other.EnterTrackedAsync("dora");

        Assert.Equal("joined dora", await anna.ReceivePresenceAsync());
    }

    [Fact]
    public async Task A_user_is_disconnected_on_every_node()
    {
        await using var one = StartHost();
        await using var other = StartHost();
        var here = await one.EnterTrackedAsync("anna");
        var there = await other.EnterTrackedAsync("anna");
        var bob = await other.EnterTrackedAsync("bob");

        await one.Broadcaster.DisconnectUserAsync("anna", reason: "go\naway");

        Assert.Equal((1008, "go\naway"), await here.Client.ReceiveAndAnswerCloseAsync());
        Assert.Equal((1008, "go\naway"), await there.Client.ReceiveAndAnswerCloseAsync());
        Assert.False(bob.Ended.IsCompleted);
    }

    /// <summary>A node compares the room with the store. Its clock stands still: nothing is said again because it is time to.</summary>
    private static Task CheckAsync(ChatHost host) => host.Rooms.Find("lobby")!.CheckAsync();

    private static async Task<string[]> ListAsync(ChatHost host) =>
        [.. (await host.Services.GetRequiredService<IRoomPresence>().ListAsync("lobby")).Order()];

    /// <summary>How many nodes say that a member is there.</summary>
    private async Task<int> CountAsync(string member)
    {
        await using var multiplexer = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(redis.Configuration);
        var said = (string?)await multiplexer.GetDatabase().HashGetAsync(ChatKit.Redis.RedisKeys.OfPresence(_prefix, "lobby")[0], member);
        return said?.Count(static c => c == ';') ?? 0;
    }

    private ChatHost StartHost(TimeSpan? checkInterval = null) =>
        new(
            options => options.RoomCheckInterval = checkInterval ?? options.RoomCheckInterval,
            services: services => services.AddChatKit().AddRedis(new RedisOptions { Configuration = redis.Configuration, KeyPrefix = _prefix }));
}

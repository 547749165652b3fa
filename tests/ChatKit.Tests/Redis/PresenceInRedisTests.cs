using System.Text.Json.Nodes;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Redis;

/// <summary>Who is there, and who is thrown out, on two nodes.</summary>
public sealed class PresenceInRedisTests(RedisServer redis) : IClassFixture<RedisServer>
{
    private readonly string _prefix = RedisHost.NewPrefix();

    [Fact]
    public async Task Everybody_on_every_node_is_told_who_comes_and_goes()
    {
        await using var one = StartHost();
        await using var other = StartHost();
        var anna = await one.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        await Patience.UntilAsync(async () => (await ListAsync(other)).SequenceEqual(["anna"]), "the other node knows");

        var bob = await other.EnterTrackedAsync("bob");
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());
        Assert.Contains(await bob.ReceivePresenceAsync(), new[] { "here anna", "here anna bob" });
        await Patience.UntilAsync(async () => (await ListAsync(one)).SequenceEqual(["anna", "bob"]), "both are stored");
        bob.Client.Vanish();
        await bob.Ended.Soon();
        other.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("left bob", await anna.ReceivePresenceAsync());
    }

    [Fact]
    public async Task One_who_goes_on_on_another_node_was_never_away()
    {
        await using var one = StartHost();
        await using var other = StartHost();
        var anna = await one.EnterTrackedAsync("anna");
        Assert.Equal("here anna", await anna.ReceivePresenceAsync());
        var bob = await one.EnterTrackedAsync("bob");
        Assert.Equal("joined bob", await anna.ReceivePresenceAsync());

        bob.Client.Vanish();
        await bob.Ended.Soon();
        await other.EnterTrackedAsync("bob");
        await Patience.UntilAsync(async () => await CountAsync("bob") == 2, "both nodes say that bob is there");
        one.Clock.Advance(TimeSpan.FromSeconds(5));
        await Patience.UntilAsync(async () => await CountAsync("bob") == 1, "the first has taken it back");
        await other.EnterTrackedAsync("carl");

        Assert.Equal("joined carl", await anna.ReceivePresenceAsync());
    }

    [Fact]
    public async Task Those_of_a_node_that_has_stopped_are_gone_soon()
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
            "a check finds out");
        Assert.Equal("left bob", await left);
    }

    [Fact]
    public async Task When_Redis_evicts_who_is_there_nobody_is_said_to_have_left_and_who_has_left_is_gone()
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

        await using var multiplexer = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(redis.Endpoint);
        await multiplexer.GetDatabase().KeyDeleteAsync(ChatKit.Redis.RedisKeys.OfPresence(_prefix, "lobby")[0]);
        carl.Client.Vanish();
        await carl.Ended.Soon();
        other.Clock.Advance(TimeSpan.FromSeconds(5));

        // Each node has checked the room once, in whichever order.
        await CheckAsync(one);
        await CheckAsync(other);
        await Patience.UntilAsync(async () => (await ListAsync(one)).SequenceEqual(["anna", "bob"]), "the nodes have said again who is there");
        var left = anna.ReceivePresenceAsync();
        await Patience.UntilAsync(
            () =>
            {
                one.Clock.Advance(TimeSpan.FromSeconds(10));
                return left.IsCompleted;
            },
            "carl is gone");
        Assert.Equal("left carl", await left);
        Assert.False(bob.Ended.IsCompleted);
    }

    [Fact]
    public async Task When_a_node_says_again_who_is_there_before_it_has_noticed_the_eviction_nobody_is_said_to_have_left()
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

        await using var multiplexer = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(redis.Endpoint);
        await multiplexer.GetDatabase().KeyDeleteAsync(ChatKit.Redis.RedisKeys.OfPresence(_prefix, "lobby")[0]);
        one.Clock.Advance(TimeSpan.FromSeconds(15));
        await Patience.UntilAsync(async () => (await ListAsync(one)).SequenceEqual(["anna"]), "the renewal of one node has come first");
        await CheckAsync(one);
        await CheckAsync(other);
        await Patience.UntilAsync(async () => (await ListAsync(one)).SequenceEqual(["anna", "bob"]), "the other has said again who is there");
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
        await using var multiplexer = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(redis.Endpoint);
        var said = (string?)await multiplexer.GetDatabase().HashGetAsync(ChatKit.Redis.RedisKeys.OfPresence(_prefix, "lobby")[0], member);
        return said?.Count(static c => c == ';') ?? 0;
    }

    private ChatHost StartHost(TimeSpan? checkInterval = null) =>
        new(
            options => options.RoomCheckInterval = checkInterval ?? options.RoomCheckInterval,
            services: services => services.AddChatKit().AddRedis(new RedisOptions { Configuration = redis.Endpoint, KeyPrefix = _prefix }));
}

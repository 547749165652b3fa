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
        var anna = await EnterAsync(one, "anna");
        Assert.Equal("here anna", await NextAsync(anna));
        await Patience.UntilAsync(async () => (await ListAsync(other)).SequenceEqual(["anna"]), "the other node knows");

        var bob = await EnterAsync(other, "bob");
        Assert.Equal("joined bob", await NextAsync(anna));
        Assert.Contains(await NextAsync(bob), new[] { "here anna", "here anna bob" });
        bob.Client.Vanish();
        await bob.Ended.Soon();
        other.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("left bob", await NextAsync(anna));
    }

    [Fact]
    public async Task One_who_goes_on_on_another_node_was_never_away()
    {
        await using var one = StartHost();
        await using var other = StartHost();
        var anna = await EnterAsync(one, "anna");
        Assert.Equal("here anna", await NextAsync(anna));
        var bob = await EnterAsync(one, "bob");
        Assert.Equal("joined bob", await NextAsync(anna));

        bob.Client.Vanish();
        await bob.Ended.Soon();
        await EnterAsync(other, "bob");
        await Patience.UntilAsync(async () => await CountAsync("bob") == 2, "both nodes say that bob is there");
        one.Clock.Advance(TimeSpan.FromSeconds(5));
        await Patience.UntilAsync(async () => await CountAsync("bob") == 1, "the first has taken it back");
        await EnterAsync(other, "carl");

        Assert.Equal("joined carl", await NextAsync(anna));
    }

    [Fact]
    public async Task Those_of_a_node_that_has_stopped_are_gone_soon()
    {
        await using var one = StartHost();
        var other = StartHost();
        var anna = await EnterAsync(one, "anna");
        Assert.Equal("here anna", await NextAsync(anna));
        await EnterAsync(other, "bob");
        Assert.Equal("joined bob", await NextAsync(anna));

        await other.DisposeAsync();

        var left = NextAsync(anna);
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
    public async Task A_user_is_disconnected_on_every_node()
    {
        await using var one = StartHost();
        await using var other = StartHost();
        var here = await EnterAsync(one, "anna");
        var there = await EnterAsync(other, "anna");
        var bob = await EnterAsync(other, "bob");

        await one.Broadcaster.DisconnectUserAsync("anna", reason: "go\naway");

        Assert.Equal((1008, "go\naway"), await here.Client.ReceiveAndAnswerCloseAsync());
        Assert.Equal((1008, "go\naway"), await there.Client.ReceiveAndAnswerCloseAsync());
        Assert.False(bob.Ended.IsCompleted);
    }

    private static async Task<ChatConnection> EnterAsync(ChatHost host, string user)
    {
        var options = new WebSocketConnectionOptions { TrackPresence = true, PingInterval = Timeout.InfiniteTimeSpan };
        var connection = host.Connect("lobby", null, options, abort => new()
        {
            Room = "lobby",
            Abort = abort,
            Subprotocol = ChatKitSubprotocol.V1,
            User = Users.Named(user),
        });
        await connection.Client.ReceiveJsonUntilAsync("live");
        return connection;
    }

    private static async Task<string> NextAsync(ChatConnection connection)
    {
        var frame = await connection.Client.ReceiveJsonAsync();
        Assert.Equal("presence", (string?)frame["type"]);
        var (change, members) = Assert.Single(frame, static member => member.Value is JsonArray);
        return string.Join(' ', members!.AsArray().Select(static m => (string?)m).Order().Prepend(change));
    }

    private static async Task<string[]> ListAsync(ChatHost host) =>
        [.. (await host.Services.GetRequiredService<IRoomPresence>().ListAsync("lobby")).Order()];

    /// <summary>How many nodes say that a member is there.</summary>
    private async Task<int> CountAsync(string member)
    {
        await using var multiplexer = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(redis.Endpoint);
        return (int)await multiplexer.GetDatabase().HashGetAsync(ChatKit.Redis.RedisKeys.OfPresence(_prefix, "lobby")[1], member);
    }

    private ChatHost StartHost() =>
        new(services: services => services.AddChatKit().AddRedis(new RedisOptions { Configuration = redis.Endpoint, KeyPrefix = _prefix }));
}

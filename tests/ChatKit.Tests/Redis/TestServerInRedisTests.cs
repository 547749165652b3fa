using ChatKit.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Redis;

/// <summary>The nodes of <see cref="ChatTestServer"/> share everything if the application uses Redis.</summary>
public sealed class TestServerInRedisTests(RedisServer redis) : IClassFixture<RedisServer>
{
    [Fact]
    public async Task Nodes_share_messages_and_presence()
    {
        var prefix = RedisHost.NewPrefix();
        await using var one = await ChatTestServer.StartAsync(
            services => services.AddChatKit().AddRedis(options => (options.Configuration, options.KeyPrefix) = (redis.Configuration, prefix)),
            static chat => chat.Map<Room>("/chat/{room}", static options => options.TrackPresence = true));
        var other = await one.AddNodeAsync();
        await using var anna = await one.ConnectAsync("/chat/lobby", "anna");
        await using var bob = await other.ConnectAsync("/chat/lobby", "bob");

        await bob.SendAsync("from the other node");

        Assert.Equal("from the other node", (await anna.ReceiveAsync("message")).Text);
        var present = one.Services.GetRequiredService<IRoomPresence>();
        await Patience.UntilAsync(async () => (await present.ListAsync("lobby")).Order().SequenceEqual(["anna", "bob"]), "both are present");
    }

    [Fact]
    public async Task The_faults_of_the_store_in_memory_are_not_available()
    {
        await using var server = await ChatTestServer.StartAsync(
            services => services.AddChatKit().AddRedis(
                new RedisOptions { Configuration = redis.Configuration, KeyPrefix = RedisHost.NewPrefix() }),
            static chat => chat.Map<Room>("/chat/{room}"));

        Assert.Throws<InvalidOperationException>(() => server.IsStoreAvailable = false);
        Assert.Throws<InvalidOperationException>(() => server.LoseNextMessages());
    }

    private sealed class Room : WebSocketHandler
    {
        protected internal override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
    }
}

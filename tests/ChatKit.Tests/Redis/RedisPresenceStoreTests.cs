using ChatKit.Rooms.Presence;
using ChatKit.Tests.Fixtures;
using ChatKit.Tests.Rooms.Presence;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Redis;

public sealed class RedisPresenceStoreTests(RedisServer redis) : PresenceStoreContract, IClassFixture<RedisServer>, IAsyncLifetime
{
    private const string Room = "lobby";

    private readonly List<RedisHost> _hosts = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
    }

    [Fact]
    public async Task A_member_is_gone_when_no_node_says_that_it_is_there()
    {
        var prefix = RedisHost.NewPrefix();
        var (one, other) = (await StartAsync(prefix), await StartAsync(prefix));
        await one.EnterAsync(Room, ["anna", "bob"], TimeSpan.FromMinutes(1));
        await other.EnterAsync(Room, ["anna"], TimeSpan.FromMinutes(1));

        Assert.False(await one.LeaveAsync(Room, "anna"));
        Assert.Equal(["anna", "bob"], (await other.ListAsync(Room)).Order());
        Assert.True(await other.LeaveAsync(Room, "anna"));

        Assert.Equal(["bob"], await other.ListAsync(Room));
    }

    [Fact]
    public async Task What_a_node_says_expires_and_what_others_say_does_not()
    {
        var prefix = RedisHost.NewPrefix();
        var (crashed, other) = (await StartAsync(prefix), await StartAsync(prefix));
        await crashed.EnterAsync(Room, ["anna", "bob"], TimeSpan.FromMilliseconds(50));
        await other.EnterAsync(Room, ["anna"], TimeSpan.FromMinutes(1));

        await Patience.UntilAsync(async () => (await other.ListAsync(Room)).SequenceEqual(["anna"]), "bob is gone");
        Assert.True(await other.LeaveAsync(Room, "anna"));
    }

    [Fact]
    public async Task What_is_said_again_holds_from_then_on()
    {
        var store = await StartAsync(RedisHost.NewPrefix());
        await store.EnterAsync(Room, ["anna"], TimeSpan.FromMinutes(1));
        await store.EnterAsync(Room, ["anna"], TimeSpan.FromMilliseconds(50));

        await Patience.UntilAsync(async () => (await store.ListAsync(Room)).Count == 0, "anna is gone");
        Assert.False(await store.LeaveAsync(Room, "anna"));
    }

    [Fact]
    public async Task Without_redis_it_says_so()
    {
        await using var server = new RedisServer();
        await server.InitializeAsync();
        var host = await RedisHost.StartAsync(server.Endpoint);
        _hosts.Add(host);
        var store = host.Services.GetRequiredService<IPresenceStore>();
        await server.KillAsync();

        await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await store.ListAsync(Room));
    }

    private protected override async Task<IPresenceStore> CreateAsync() => await StartAsync(RedisHost.NewPrefix());

    private async Task<IPresenceStore> StartAsync(string prefix)
    {
        var host = await RedisHost.StartAsync(redis.Endpoint, prefix: prefix);
        _hosts.Add(host);
        return host.Services.GetRequiredService<IPresenceStore>();
    }
}

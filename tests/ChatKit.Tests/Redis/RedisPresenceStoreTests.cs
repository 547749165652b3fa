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
    public async Task A_member_leaves_when_it_has_left_on_every_node()
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
    public async Task Members_of_a_crashed_node_expire_and_those_of_other_nodes_do_not()
    {
        var prefix = RedisHost.NewPrefix();
        var (crashed, other) = (await StartAsync(prefix), await StartAsync(prefix));
        await crashed.EnterAsync(Room, ["anna", "bob"], TimeSpan.FromMilliseconds(50));
        await other.EnterAsync(Room, ["anna"], TimeSpan.FromMinutes(1));

        await Patience.UntilAsync(async () => (await other.ListAsync(Room)).SequenceEqual(["anna"]), "bob has left");
        Assert.True(await other.LeaveAsync(Room, "anna"));
    }

    [Fact]
    public async Task The_data_that_a_node_has_set_last_stays_while_the_member_is_on_any_node()
    {
        var prefix = RedisHost.NewPrefix();
        var (one, other) = (await StartAsync(prefix), await StartAsync(prefix));
        await one.EnterAsync(Room, [new("anna", "1")], TimeSpan.FromMinutes(1));
        await other.EnterAsync(Room, [new("anna", "2")], TimeSpan.FromMinutes(1));
        await one.EnterAsync(Room, [new("anna", "1")], TimeSpan.FromMinutes(1), isRenewal: true);

        Assert.Equal([new("anna", "2")], await one.ReadAsync(Room));
        Assert.False(await other.LeaveAsync(Room, "anna"));
        Assert.Equal([new("anna", "2")], await other.ReadAsync(Room));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(3000)]
    public async Task Members_of_a_crashed_node_are_no_longer_counted_soon(int count)
    {
        var prefix = RedisHost.NewPrefix();
        var (crashed, other) = (await StartAsync(prefix), await StartAsync(prefix));
        MemberData[] members = [.. Enumerable.Range(0, count).Select(static i => new MemberData($"member {i}"))];
        await other.EnterAsync(Room, members, TimeSpan.FromMinutes(1));
        await crashed.EnterAsync(Room, [.. members.Select(static m => new MemberData(m.Id + " of the other"))], TimeSpan.FromMilliseconds(50));

        await Patience.UntilAsync(async () => await other.CountAsync(Room) <= count + (count / 10), "most have left");
        Assert.Equal(count, (await other.ListAsync(Room)).Count);
        Assert.Equal(count, await other.CountAsync(Room));
    }

    [Fact]
    public async Task Entering_again_replaces_the_expiry()
    {
        var store = await StartAsync(RedisHost.NewPrefix());
        await store.EnterAsync(Room, ["anna"], TimeSpan.FromMinutes(1));
        await store.EnterAsync(Room, ["anna"], TimeSpan.FromMilliseconds(50));

        await Patience.UntilAsync(async () => (await store.ListAsync(Room)).Count == 0, "anna has left");
        Assert.False(await store.LeaveAsync(Room, "anna"));
    }

    [Fact]
    public async Task Without_Redis_the_store_throws()
    {
        await using var server = new RedisServer();
        await server.InitializeAsync();
        var host = await RedisHost.StartAsync(server.Configuration);
        _hosts.Add(host);
        var store = host.Services.GetRequiredService<IPresenceStore>();
        await server.KillAsync();

        await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await store.ListAsync(Room));
    }

    private protected override async Task<IPresenceStore> CreateAsync() => await StartAsync(RedisHost.NewPrefix());

    private async Task<IPresenceStore> StartAsync(string prefix)
    {
        var host = await RedisHost.StartAsync(redis.Configuration, prefix: prefix);
        _hosts.Add(host);
        return host.Services.GetRequiredService<IPresenceStore>();
    }
}

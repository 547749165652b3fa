using ChatKit.Redis;
using ChatKit.Rooms;
using ChatKit.Rooms.Reads;
using ChatKit.Tests.Fixtures;
using ChatKit.Tests.Rooms.Reads;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

public sealed class RedisReadStoreTests(RedisServer redis) : ReadStoreContract, IClassFixture<RedisServer>, IAsyncLifetime
{
    private readonly List<RedisHost> _hosts = [];
    private readonly string _prefix = RedisHost.NewPrefix();
    private ConnectionMultiplexer _admin = null!;

    public async ValueTask InitializeAsync() => _admin = await ConnectionMultiplexer.ConnectAsync(redis.Configuration);

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
        await _admin.DisposeAsync();
    }

    [Fact]
    public async Task Cursors_expire_with_the_room_and_share_its_hash_slot()
    {
        var (history, store) = await CreateAsync();
        var position = (await history.AppendAsync("room", Outgoing.Text("x", default), null)).Position;
        await store.MoveAsync("room", "anna", position);
        var key = RedisKeys.OfReads(_prefix, "room");
        var meta = RedisKeys.OfRoom(_prefix, "room")[0];

        Assert.Equal($"{position}", await _admin.GetDatabase().HashGetAsync(key, "anna"));
        Assert.Equal(_admin.HashSlot(meta), _admin.HashSlot(key));
        var (left, leftOfMeta) = (await _admin.GetDatabase().KeyTimeToLiveAsync(key), await _admin.GetDatabase().KeyTimeToLiveAsync(meta));
        Assert.InRange(left!.Value, TimeSpan.FromDays(59.9), TimeSpan.FromDays(60));
        Assert.InRange(left.Value - leftOfMeta!.Value, TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Whoever_asks_keeps_the_cursors_alive()
    {
        var (history, store) = await CreateAsync();
        await store.MoveAsync("room", "anna", (await history.AppendAsync("room", Outgoing.Text("x", default), null)).Position);
        await _admin.GetDatabase().KeyExpireAsync(RedisKeys.OfReads(_prefix, "room"), TimeSpan.FromMinutes(1));

        await store.GetAsync("anna", ["room"]);

        var left = await _admin.GetDatabase().KeyTimeToLiveAsync(RedisKeys.OfReads(_prefix, "room"));
        Assert.InRange(left!.Value, TimeSpan.FromDays(59), TimeSpan.FromDays(60));
    }

    [Fact]
    public async Task Asking_about_a_room_without_messages_leaves_nothing_behind()
    {
        var (_, store) = await CreateAsync();

        await store.GetAsync("anna", ["room"]);
        await store.MoveAsync("room", "anna", new MessagePosition("e", 1));

        Assert.False(await _admin.GetDatabase().KeyExistsAsync(RedisKeys.OfReads(_prefix, "room")));
    }

    [Fact]
    public async Task Without_Redis_the_store_throws()
    {
        await using var server = new RedisServer();
        await server.InitializeAsync();
        var host = await RedisHost.StartAsync(server.Configuration);
        _hosts.Add(host);
        var store = host.Services.GetRequiredService<IReadStore>();
        await server.KillAsync();

        await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await store.GetAsync("anna", ["room"]));
        await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await store.MoveAsync("room", "anna", new MessagePosition("e", 1)));
    }

    private protected override async Task<(IMessageHistory History, IReadStore Store)> CreateAsync()
    {
        var host = await RedisHost.StartAsync(redis.Configuration, prefix: _prefix);
        _hosts.Add(host);
        return (host.History, host.Services.GetRequiredService<IReadStore>());
    }

    private protected override Task LoseMessagesAsync(string room) => _admin.GetDatabase().KeyDeleteAsync(RedisKeys.OfRoom(_prefix, room));
}

using System.Net.WebSockets;
using System.Text;
using ChatKit.Redis;
using ChatKit.TestKit.Contracts;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

public sealed class RedisMessageHistoryTests(RedisServer redis) : MessageHistoryContractTests, IClassFixture<RedisServer>, IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _owned = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var owned in _owned)
            await owned.DisposeAsync();
    }

    [Fact]
    public async Task The_list_is_never_longer_than_the_capacity()
    {
        var prefix = RedisHost.NewPrefix();
        var host = await StartAsync(prefix);
        var database = await ConnectAsync();
        var list = RedisKeys.OfRoom(prefix, "full")[1];

        var appending = Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            for (var i = 0; i < 250; i++)
                await host.History.AppendAsync("full", Text("x"));
        }));
        var longest = 0L;
        while (!appending.IsCompleted)
            longest = Math.Max(longest, await database.ListLengthAsync(list));
        await appending;

        Assert.InRange(longest, 1, 100);
        Assert.Equal(100, await database.ListLengthAsync(list));
        Assert.Equal(2000, (await host.History.ReadAsync("full")).Top.Sequence);
    }

    [Theory]
    [InlineData("lobby")]
    [InlineData("}")]
    [InlineData("{")]
    [InlineData("a{b}c")]
    [InlineData("100%")]
    [InlineData("部屋")]
    public async Task The_keys_of_a_room_share_a_hash_slot(string room)
    {
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(redis.Configuration);
        _owned.Add(multiplexer);

        var slots = RedisKeys.OfRoom("chatkit:", room).Select(multiplexer.GetHashSlot).Distinct();

        Assert.Single(slots);
    }

    [Fact]
    public void Different_rooms_have_different_keys()
    {
        string[] rooms = ["a", "A", "{a}", "%7Ba%7D", "a}", "%", "%25"];

        var keys = rooms.SelectMany(room => RedisKeys.OfRoom("p:", room)).Select(static key => key.ToString()).ToList();

        Assert.Equal(keys.Count, keys.Distinct().Count());
    }

    [Fact]
    public async Task A_large_page_is_read_in_parts_and_is_complete()
    {
        const int Count = 60, Size = 100_000;
        var host = await StartAsync();
        for (var i = 0; i < Count; i++)
            await host.History.AppendAsync("room", Text(new string((char)('A' + i), Size)));
        var top = (await host.History.ReadAsync("room", null)).Top;

        foreach (var after in new MessagePosition?[] { null, top with { Sequence = 20 } })
        {
            var page = await host.History.ReadAsync("room", after);

            var first = (int)(after?.Sequence ?? 0);
            Assert.Equal((top, 0, false), (page.Top, page.Missed, page.Restarted));
            Assert.Equal(Enumerable.Range(first, Count - first).Select(static i => (char)('A' + i)), page.Messages.Select(static m => m.Text[0]));
            Assert.All(page.Messages, static message => Assert.Equal(Size, message.Data.Length));
            Assert.Equal(top, page.Messages[^1].Position);
        }
    }

    [Fact]
    public async Task A_large_page_trimmed_while_it_is_read_is_contiguous_and_counts_the_missing_messages()
    {
        var host = await StartAsync();
        for (var i = 1; i <= 50; i++)
            await host.History.AppendAsync("room", Text(new string('x', 100_000)), 50);
        var after = (await host.History.ReadAsync("room")).Top with { Sequence = 1 };
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                await host.History.AppendAsync("room", Text(new string('y', 100_000)));
        });

        for (var i = 0; i < 20; i++)
        {
            var page = await host.History.ReadAsync("room", after);
            Assert.Equal(
                Enumerable.Range(0, page.Messages.Count).Select(n => page.Top.Sequence - page.Messages.Count + 1 + n),
                page.Messages.Select(static m => m.Position!.Value.Sequence));
            Assert.Equal(page.Top.Sequence - after.Sequence, page.Missed + page.Messages.Count);
        }

        await stop.CancelAsync();
        await writing;
    }

    [Fact]
    public async Task The_messages_expire_and_the_epoch_expires_one_time_to_live_later()
    {
        var prefix = RedisHost.NewPrefix();
        var host = await StartAsync(prefix);
        var database = await ConnectAsync();

        await host.History.AppendAsync("room", Text("x"));

        var keys = RedisKeys.OfRoom(prefix, "room");
        Assert.InRange((await database.KeyTimeToLiveAsync(keys[0])).GetValueOrDefault(), TimeSpan.FromDays(59.9), TimeSpan.FromDays(60));
        Assert.InRange((await database.KeyTimeToLiveAsync(keys[1])).GetValueOrDefault(), TimeSpan.FromDays(29.9), TimeSpan.FromDays(30));

        // Whoever follows the room keeps its stream.
        await database.KeyExpireAsync(keys[0], TimeSpan.FromDays(1));
        await host.History.ReadAsync("room");
        Assert.InRange((await database.KeyTimeToLiveAsync(keys[0])).GetValueOrDefault(), TimeSpan.FromDays(29.9), TimeSpan.FromDays(30));
    }

    [Fact]
    public async Task Applications_with_different_prefixes_do_not_share_rooms()
    {
        var one = await StartAsync();
        var other = await StartAsync();

        await one.History.AppendAsync("room", Text("x"));

        Assert.Empty((await other.History.ReadAsync("room")).Messages);
        Assert.Single((await one.History.ReadAsync("room")).Messages);
    }

    [Fact]
    public async Task Applications_with_the_same_prefix_share_their_rooms()
    {
        var prefix = RedisHost.NewPrefix();
        var one = await StartAsync(prefix);
        var other = await StartAsync(prefix);

        await one.History.AppendAsync("room", Text("1"));
        var (position, _) = await other.History.AppendAsync("room", Text("2"));

        Assert.Equal(2, position.Sequence);
        Assert.Equal(["1", "2"], (await one.History.ReadAsync("room")).Messages.Select(static m => m.Text));
    }

    [Fact]
    public async Task A_lost_list_is_a_gap_and_not_an_error()
    {
        var prefix = RedisHost.NewPrefix();
        var host = await StartAsync(prefix);
        var database = await ConnectAsync();
        var (first, _) = await host.History.AppendAsync("room", Text("1"));
        await host.History.AppendAsync("room", Text("2"));
        await database.KeyDeleteAsync(RedisKeys.OfRoom(prefix, "room")[1]);

        var page = await host.History.ReadAsync("room", first);
        Assert.Equal((0, 2, 1, false), (page.Messages.Count, page.Top.Sequence, page.Missed, page.Restarted));
        await host.History.AppendAsync("room", Text("3"));

        page = await host.History.ReadAsync("room", first);
        Assert.Equal((3, 1), (Assert.Single(page.Messages).Position!.Value.Sequence, page.Missed));
    }

    [Fact]
    public async Task An_unreadable_entry_throws_HistoryUnavailableException()
    {
        var prefix = RedisHost.NewPrefix();
        var host = await StartAsync(prefix);
        var database = await ConnectAsync();
        await host.History.AppendAsync("room", Text("1"));
        await database.ListSetByIndexAsync(RedisKeys.OfRoom(prefix, "room")[1], 0, "not an entry");

        var exception = await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await host.History.ReadAsync("room"));

        Assert.Contains(prefix, exception.Message);
    }

    [Fact]
    public async Task A_server_out_of_memory_stores_nothing_and_throws()
    {
        Requirement.RedisServer();
        await using var full = new RedisServer();
        await full.InitializeAsync();
        var host = await RedisHost.StartAsync(full.Configuration);
        _owned.Add(host);
        await host.History.AppendAsync("room", Text("1"));
        var database = await ConnectAsync(full.Configuration);
        await database.ExecuteAsync("CONFIG", "SET", "maxmemory-policy", "noeviction");
        await database.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

        var exception = await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await host.History.AppendAsync("room", Text("2")));
        Assert.Contains("was not delivered", exception.Message);
        await database.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");

        Assert.Equal(["1"], (await host.History.ReadAsync("room")).Messages.Select(static m => m.Text));
        Assert.Equal(2, (await host.History.AppendAsync("room", Text("2"))).Position.Sequence);
    }

    [Fact]
    public async Task The_applications_own_multiplexer_is_used_and_not_disposed()
    {
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(redis.Configuration);
        _owned.Add(multiplexer);
        var prefix = RedisHost.NewPrefix();
        var host = await RedisHost.StartAsync(
            options => options.KeyPrefix = prefix, services: services => services.AddSingleton<IConnectionMultiplexer>(multiplexer));

        await host.History.AppendAsync("room", Text("1"));
        await host.DisposeAsync();

        Assert.Equal(1, await multiplexer.GetDatabase().ListLengthAsync(RedisKeys.OfRoom(prefix, "room")[1]));
    }

    protected override async Task<IMessageHistory> CreateAsync(ChatKitOptions options)
    {
        var host = await RedisHost.StartAsync(redis.Configuration, options);
        _owned.Add(host);
        return host.History;
    }

    protected override async Task ExpireAsync(string room, ChatKitOptions options)
    {
        var database = await ConnectAsync();
        var server = database.Multiplexer.GetServers().Single();
        var keys = await server.KeysAsync(pattern: $"*{room}*").ToListAsync();
        var messages = Assert.Single(keys, static key => key.ToString().EndsWith(":messages", StringComparison.Ordinal));
        await Patience.UntilAsync(async () => !await database.KeyExistsAsync(messages), "the room's messages have expired");
    }

    protected override async Task ForgetKeyAsync(IMessageHistory history, string room, string key)
    {
        var database = await ConnectAsync();
        var server = database.Multiplexer.GetServers().Single();
        var stored = Assert.Single(await server.KeysAsync(pattern: $"*{room}*:key:{key}").ToListAsync());
        Assert.InRange((await database.KeyTimeToLiveAsync(stored)).GetValueOrDefault(), TimeSpan.FromMinutes(4.9), TimeSpan.FromMinutes(5));
        await database.KeyDeleteAsync(stored);
    }

    private static ChatMessage Text(string text) =>
        new(WebSocketMessageType.Text, Encoding.UTF8.GetBytes(text), DateTimeOffset.UnixEpoch);

    private async Task<RedisHost> StartAsync(string? prefix = null)
    {
        var host = await RedisHost.StartAsync(redis.Configuration, prefix: prefix);
        _owned.Add(host);
        return host;
    }

    private async Task<IDatabase> ConnectAsync(string? endpoint = null)
    {
        var multiplexer = await ConnectionMultiplexer.ConnectAsync($"{endpoint ?? redis.Configuration},allowAdmin=true");
        _owned.Add(multiplexer);
        return multiplexer.GetDatabase();
    }
}

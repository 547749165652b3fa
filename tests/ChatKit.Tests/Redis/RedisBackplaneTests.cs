using System.Net.WebSockets;
using System.Text;
using ChatKit.Redis;
using ChatKit.Rooms;
using ChatKit.TestKit.Contracts;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

public sealed class RedisBackplaneTests(RedisServer redis) : BackplaneContractTests, IClassFixture<RedisServer>, IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _owned = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var owned in Enumerable.Reverse(_owned))
            await owned.DisposeAsync();
    }

    [Fact]
    public async Task A_message_appended_to_the_history_directly_is_not_published()
    {
        var host = await StartAsync();
        var subscriber = new RecordingSubscriber();
        await using var subscription = await host.Backplane.SubscribeAsync("room", subscriber);

        await host.History.AppendAsync("room", Message("stored"));
        await host.Backplane.PublishAsync("room", Message("published"));

        await subscriber.ReceiveAsync(1);
        Assert.Equal(["published"], subscriber.Texts);
    }

    [Fact]
    public async Task Publishing_takes_one_command()
    {
        var prefix = RedisHost.NewPrefix();
        var host = await StartAsync(prefix);
        await host.Backplane.PublishAsync("room", Message("loads the script"));
        var server = (await ConnectAsync()).GetServers().Single();
        var before = await CallsAsync();

        for (var i = 0; i < 10; i++)
            await host.Backplane.PublishAsync("room", Message($"{i}").WithIdempotencyKey($"{i}"));

        Assert.Equal(before + 10, await CallsAsync());

        async Task<long> CallsAsync()
        {
            // The first time a script is sent whole.
            var lines = (await server.InfoRawAsync("commandstats"))!.Split('\n');
            var line = lines.SingleOrDefault(static line => line.StartsWith("cmdstat_evalsha:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split("calls=")[1].Split(',')[0]);
        }
    }

    [Fact]
    public async Task An_unreadable_payload_is_logged_once_and_later_messages_are_delivered()
    {
        var prefix = RedisHost.NewPrefix();
        var host = await StartAsync(prefix);
        var subscriber = new RecordingSubscriber();
        await using var subscription = await host.Backplane.SubscribeAsync("room", subscriber);
        var publisher = (await ConnectAsync()).GetSubscriber();
        var channel = RedisChannel.Literal(RedisKeys.Channel(prefix, "room"));

        RedisValue[] payloads = ["", "x", "\n", "e:1", "e:1\n", "e:x\n", "e:1x\n", ":0\n\u0001", "e:1\n\u0001\u0004abcdefgh\u00ff\u00ff\u00ff\u007f", new byte[300]];
        foreach (var payload in payloads)
            await publisher.PublishAsync(channel, payload);
        await host.Backplane.PublishAsync("room", Message("readable"));

        await subscriber.ReceiveAsync(1);
        Assert.Equal(["readable"], subscriber.Texts);
        Assert.Single(host.Logs.GetSnapshot(), static line => line.Id.Id == 403);
    }

    [Fact]
    public async Task The_channel_prefix_and_database_of_the_configuration_string_are_used()
    {
        var prefix = RedisHost.NewPrefix();
        var host = await StartAsync(prefix, ",channelPrefix=c:,defaultDatabase=3");
        var same = await StartAsync(prefix, ",channelPrefix=c:,defaultDatabase=3");
        var other = await StartAsync(prefix, ",defaultDatabase=4");
        var (here, there) = (new RecordingSubscriber(), new RecordingSubscriber());
        await using var first = await host.Backplane.SubscribeAsync("room", here);
        await using var second = await other.Backplane.SubscribeAsync("room", there);

        await same.Backplane.PublishAsync("room", Message("stored"));
        await same.Backplane.PublishAsync("room", Message("ephemeral"), capacity: 0);
        await other.Backplane.PublishAsync("room", Message("in another database"));

        await here.ReceiveAsync(2);
        await there.ReceiveAsync(1);
        Assert.Equal(["stored", "ephemeral"], here.Texts);
        Assert.Equal(["in another database"], there.Texts);
    }

    [Fact]
    public async Task Applications_with_different_prefixes_do_not_receive_each_others_messages()
    {
        var (prefix, otherPrefix) = (RedisHost.NewPrefix(), RedisHost.NewPrefix());
        var (one, other) = (await StartAsync(prefix), await StartAsync(otherPrefix));
        var (here, there) = (new RecordingSubscriber(), new RecordingSubscriber());
        var first = await one.Backplane.SubscribeAsync("room", here);
        await using var second = await other.Backplane.SubscribeAsync("room", there);

        await one.Backplane.PublishAsync("room", Message("one"));
        await one.Backplane.PublishAsync("room", Message("one, ephemeral"), capacity: 0);
        await other.Backplane.PublishAsync("room", Message("other"));
        await here.ReceiveAsync(2);
        await there.ReceiveAsync(1);
        await first.DisposeAsync();

        Assert.Equal(["one", "one, ephemeral"], here.Texts);
        Assert.Equal(["other"], there.Texts);
        Assert.Empty(await ChannelsAsync(prefix));
        Assert.Equal([RedisKeys.Channel(otherPrefix, "room")], await ChannelsAsync(otherPrefix));
    }

    [Fact]
    public async Task A_thousand_rooms_that_are_entered_and_left_miss_no_message_and_leave_no_subscription()
    {
        const int Rooms = 1000;
        var prefix = RedisHost.NewPrefix();
        var (one, other) = (await StartAsync(prefix), await StartAsync(prefix));
        await Parallel.ForEachAsync(Enumerable.Range(0, Rooms), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) => await ChurnAsync($"room {i}"));

        Assert.Empty(await ChannelsAsync(prefix));

        async Task ChurnAsync(string room)
        {
            var leaving = (await one.Backplane.SubscribeAsync(room, new RecordingSubscriber())).DisposeAsync().AsTask();
            for (var again = 0; again < 3; again++)
            {
                // The one before is still unsubscribing.
                var subscriber = new RecordingSubscriber();
                var subscription = await one.Backplane.SubscribeAsync(room, subscriber);
                await other.Backplane.PublishAsync(room, Message($"{again}"));
                await subscriber.ReceiveAsync(1);
                await leaving;
                await other.Backplane.PublishAsync(room, Message("still"), capacity: 0);
                await subscriber.ReceiveAsync(2);
                leaving = subscription.DisposeAsync().AsTask();
            }

            await leaving;
        }
    }

    [Fact]
    public async Task A_room_that_many_enter_and_leave_concurrently_stays_subscribed_while_it_has_a_member()
    {
        var prefix = RedisHost.NewPrefix();
        var host = await StartAsync(prefix);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                var subscriber = new RecordingSubscriber();
                await using var subscription = await host.Backplane.SubscribeAsync("busy", subscriber);
                await host.Backplane.PublishAsync("busy", Message("x"), capacity: 0);
                await subscriber.ReceiveAsync(1);
            }
        }))).Soon();

        Assert.Empty(await ChannelsAsync(prefix));
    }

    protected override async Task<(IBackplane One, IBackplane Other, IMessageHistory History)> CreateAsync()
    {
        var prefix = RedisHost.NewPrefix();
        var (one, other) = (await StartAsync(prefix), await StartAsync(prefix));
        return (one.Backplane, other.Backplane, other.History);
    }

    protected override async Task<(IBackplane One, IBackplane Other)> CreateFailingAsync()
    {
        var server = new RedisServer();
        _owned.Add(server);
        await server.InitializeAsync();
        var prefix = RedisHost.NewPrefix();
        var one = await RedisHost.StartAsync(server.Configuration, prefix: prefix);
        _owned.Add(one);
        var other = await RedisHost.StartAsync(server.Configuration, prefix: prefix);
        _owned.Add(other);
        await server.KillAsync();
        return (one.Backplane, other.Backplane);
    }

    private static ChatMessage Message(string text) =>
        new(WebSocketMessageType.Text, Encoding.UTF8.GetBytes(text), DateTimeOffset.UnixEpoch);

    private async Task<RedisHost> StartAsync(string? prefix = null, string more = "")
    {
        var host = await RedisHost.StartAsync(redis.Configuration + more, prefix: prefix);
        _owned.Add(host);
        await host.CanSubscribeAsync();
        return host;
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var multiplexer = await ConnectionMultiplexer.ConnectAsync($"{redis.Configuration},allowAdmin=true");
        _owned.Add(multiplexer);
        return multiplexer;
    }

    private async Task<IEnumerable<string>> ChannelsAsync(string prefix)
    {
        var channels = (string[])(await (await ConnectAsync()).GetDatabase().ExecuteAsync("PUBSUB", "CHANNELS"))!;
        return channels.Where(channel =>
            channel.StartsWith(prefix, StringComparison.Ordinal) && channel != RedisKeys.Channel(prefix, OtherNodes.Room));
    }
}

using System.Globalization;
using System.Text.RegularExpressions;
using ChatKit.Redis;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

/// <summary>What users have read, on two nodes.</summary>
public sealed partial class ReadsInRedisTests(RedisServer redis) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private static readonly WebSocketConnectionOptions Tracking = new() { TrackReads = true, PingInterval = Timeout.InfiniteTimeSpan };

    private static readonly WebSocketConnectionOptions Sharing = new()
    {
        TrackReads = true,
        ShareReads = true,
        PingInterval = Timeout.InfiniteTimeSpan,
    };

    private readonly string _prefix = RedisHost.NewPrefix();
    private readonly List<ChatHost> _hosts = [];
    private ConnectionMultiplexer _admin = null!;

    public async ValueTask InitializeAsync() => _admin = await ConnectionMultiplexer.ConnectAsync($"{redis.Configuration},allowAdmin=true");

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
        await _admin.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_devices_of_a_user_on_other_nodes_are_notified_and_with_ShareReads_everyone_is(bool isShared)
    {
        var (here, there) = (Start(), Start());
        var position = await BroadcastAsync(here, 3);
        var options = isShared ? Sharing : Tracking;
        var (phone, _) = await here.EnterAsAsync("anna", options);
        var (laptop, _) = await there.EnterAsAsync("anna", options);
        var (bob, _) = await there.EnterAsAsync("bob", options);

        await ReadAsync(phone, position with { Sequence = 2 });

        foreach (var member in isShared ? new[] { phone, laptop, bob } : [phone, laptop])
            Assert.Equal($"{position with { Sequence = 2 }}", (string?)(await member.Client.ReceiveJsonAsync())["position"]);
        await here.Broadcaster.SendToUserAsync("bob", "next");
        Assert.Equal("next", (string?)(await bob.Client.ReceiveJsonAsync())["data"]);
        var (_, frames) = await Start().EnterAsAsync("anna", options);
        Assert.Equal(($"{position with { Sequence = 2 }}", 1), ((string?)frames[^1]["read"], (int?)frames[^1]["unread"]));
    }

    [Fact]
    public async Task The_last_position_is_stored_when_the_connection_is_lost()
    {
        var (here, there) = (Start(), Start());
        var position = await BroadcastAsync(here, 3);
        var (phone, _) = await here.EnterAsAsync("anna", Tracking);
        await ReadAsync(phone, position with { Sequence = 1 });
        await phone.Client.ReceiveJsonUntilAsync("read");
        await ReadAsync(phone, position, "r");
        await phone.Client.ReceiveJsonUntilAsync("ack");

        phone.Client.Disconnect();
        await phone.Ended.Soon();

        Assert.Equal(0, (await UnreadAsync(there, "anna", "lobby"))["lobby"]);
    }

    [Fact]
    public async Task After_the_loss_of_all_data_everything_is_unread_and_cursors_of_the_new_stream_count()
    {
        var here = Start();
        var old = await BroadcastAsync(here, 3);
        var (anna, _) = await here.EnterAsAsync("anna", Tracking);
        await ReadAsync(anna, old);
        await anna.Client.ReceiveJsonUntilAsync("read");

        await _admin.GetServer(redis.Endpoint).FlushDatabaseAsync();
        var position = await BroadcastAsync(here, 2);
        Assert.NotEqual(old.Epoch, position.Epoch);
        Assert.Equal(2, (await UnreadAsync(here, "anna", "lobby"))["lobby"]);

        here.Clock.Advance(TimeSpan.FromSeconds(2));
        await ReadAsync(anna, position with { Sequence = 1 });

        Assert.Equal($"{position with { Sequence = 1 }}", (string?)(await anna.Client.ReceiveJsonUntilAsync("read"))[^1]["position"]);
        Assert.Equal(1, (await UnreadAsync(here, "anna", "lobby"))["lobby"]);
    }

    [Fact]
    public async Task Without_TrackReads_no_command_is_sent_for_reads()
    {
        var here = Start();
        await BroadcastAsync(here, 3);

        await here.EnterAsAsync("anna", new WebSocketConnectionOptions { ShareReads = true });

        Assert.False(await _admin.GetDatabase().KeyExistsAsync(RedisKeys.OfReads(_prefix, "lobby")));
    }

    [Fact]
    public async Task Unread_messages_of_200_rooms_cost_one_command_each_which_travel_together()
    {
        Requirement.RedisServer();
        var here = Start();
        string[] rooms = [.. Enumerable.Range(0, 200).Select(static i => $"room {i}")];
        foreach (var (room, i) in rooms.Select(static (room, i) => (room, i)))
        {
            for (var count = 0; count < i % 5; count++)
                await here.Broadcaster.BroadcastAsync(room, "x");
        }

        await UnreadAsync(here, "anna", rooms); // The server has the script from now on.
        var before = await CommandsAsync();
        var server = _admin.GetServer(redis.Endpoint);
        await server.ExecuteAsync("CLIENT", "PAUSE", "20000", "WRITE");
        var counting = UnreadAsync(here, "anna", rooms).AsTask();
        await Patience.UntilAsync(
            async () => QueryBuffer().Matches((string)(await server.ExecuteAsync("CLIENT", "LIST"))!)
                .Any(static buffer => int.Parse(buffer.Groups[1].ValueSpan, CultureInfo.InvariantCulture) > 199 * 100),
            "all commands have arrived before the first answer");
        await server.ExecuteAsync("CLIENT", "UNPAUSE");
        var unread = await counting.Soon();

        Assert.Equal(rooms.Select(static (_, i) => i % 5), rooms.Select(room => unread[room]));
        var after = await CommandsAsync();
        Assert.Equal(200, after["evalsha"] - before["evalsha"]);
        Assert.Equal(before.GetValueOrDefault("eval"), after.GetValueOrDefault("eval"));
    }

    /// <summary>How often each command was called.</summary>
    private async Task<Dictionary<string, int>> CommandsAsync()
    {
        var info = await _admin.GetServer(redis.Endpoint).InfoAsync("commandstats");
        return info.Single().ToDictionary(
            static line => line.Key["cmdstat_".Length..],
            static line => int.Parse(line.Value.Split(',')[0]["calls=".Length..], CultureInfo.InvariantCulture));
    }

    private ChatHost Start()
    {
        var host = RedisNode.Start(redis.Configuration, _prefix);
        _hosts.Add(host);
        return host;
    }

    private static async Task<MessagePosition> BroadcastAsync(ChatHost host, int count)
    {
        var last = MessagePosition.None;
        for (var i = 0; i < count; i++)
            last = (await host.Broadcaster.BroadcastAsync("lobby", $"{i}")).GetValueOrDefault();
        return last;
    }

    private static Task ReadAsync(ChatConnection connection, MessagePosition position, string? reference = null) =>
        connection.Client.SendAsync(
            reference is null
                ? $$"""{"type":"read","position":"{{position}}"}"""
                : $$"""{"type":"read","ref":"{{reference}}","position":"{{position}}"}""");

    private static ValueTask<IReadOnlyDictionary<string, int>> UnreadAsync(ChatHost host, string user, params string[] rooms) =>
        host.Services.GetRequiredService<IRoomReads>().GetUnreadAsync(user, rooms);

    [GeneratedRegex(@" qbuf=(\d+)")]
    private static partial Regex QueryBuffer();
}

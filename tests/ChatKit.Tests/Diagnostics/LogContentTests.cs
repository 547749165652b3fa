using System.Text;
using ChatKit.Tests.Fixtures;
using ChatKit.Tests.Redis;
using ChatKit.Tests.Rooms;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using StackExchange.Redis;

namespace ChatKit.Tests.Diagnostics;

/// <summary>What people say is nobody's business who reads the log, and what happens is told once.</summary>
public sealed class LogContentTests(RedisServer redis) : IClassFixture<RedisServer>
{
    private const string Secret = "tell nobody";

    [Fact]
    public async Task Of_a_handler_that_fails_the_log_tells_once_and_not_what_it_was_given()
    {
        await using var host = new ChatHost();
        var handler = new ScriptedHandler { Message = static (_, _) => throw new InvalidOperationException("a fault") };
        var (plain, told) = (host.Connect(handler: handler), await host.ConnectV1Async(new ScriptedHandler { Message = handler.Message }));
        await plain.Client.SendAsync(Secret);
        await told.Client.SendAsync($$"""{"type":"message","ref":"{{Secret}}","data":"{{Secret}}"}""");
        await plain.Client.ReceiveAndAnswerCloseAsync();
        await told.Client.ReceiveAndAnswerCloseAsync();
        await Task.WhenAll(plain.Ended, told.Ended).Soon();

        Assert.Equal([(100, 2), (101, 2), (102, 2)], Counts(host.Logs));
        AssertSilent(host.Logs);
    }

    [Fact]
    public async Task Of_what_is_not_understood_or_not_text_the_log_does_not_tell_what_it_was()
    {
        await using var host = new ChatHost();
        var told = await host.ConnectV1Async();
        for (var i = 0; i < 10; i++)
            await told.Client.SendAsync(Secret);
        var plain = host.Connect();
        await plain.Client.SendFrameAsync(1, [0xFF, .. Encoding.UTF8.GetBytes(Secret)]);
        await told.Client.ReceiveAndAnswerCloseAsync();
        await plain.Client.ReceiveAndAnswerCloseAsync();
        plain.Client.Vanish();
        await Task.WhenAll(plain.Ended, told.Ended).Soon();

        Assert.Equal([(100, 2), (101, 2)], Counts(host.Logs));
        AssertSilent(host.Logs);
    }

    [Fact]
    public async Task Of_a_store_that_is_away_and_of_slow_members_the_log_tells_once()
    {
        await using var room = new RoomFixture();
        var (slow, slower) = (await room.JoinAsync("slow"), await room.JoinAsync("slower", replay: 0));
        slow.Take(0);
        slower.Take(0);
        await room.Host.Broadcaster.BroadcastAsync(RoomFixture.Name, Secret);
        await slower.Closed.Soon();
        await room.Host.Broadcaster.BroadcastAsync(RoomFixture.Name, Secret, new RoomBroadcastOptions { Store = false });
        room.History.Down = true;
        await Assert.ThrowsAsync<HistoryUnavailableException>(() => room.Host.Broadcaster.BroadcastAsync(RoomFixture.Name, Secret).AsTask());

        Assert.Equal([(200, 1), (201, 1)], Counts(room.Host.Logs));
        AssertSilent(room.Host.Logs);
    }

    [Fact]
    public async Task Of_who_is_told_of_a_gap_the_log_tells_once()
    {
        await using var host = new ChatHost(static options => options.HistoryCapacity = 5);
        for (var i = 1; i <= 10; i++)
            await host.Broadcaster.BroadcastAsync("lobby", Secret);
        await host.EnterV1Async(after: (await host.History.ReadAsync("lobby")).Top with { Sequence = 2 });

        Assert.Equal([(100, 1), (220, 1)], Counts(host.Logs));
        AssertSilent(host.Logs);
    }

    [Fact]
    public async Task Of_what_Redis_has_that_cannot_be_read_the_log_does_not_tell_what_it_is()
    {
        var prefix = RedisHost.NewPrefix();
        await using var host = RedisNode.Start(redis.Endpoint, prefix);
        await host.EnterAsync("room");
        await using var other = await ConnectionMultiplexer.ConnectAsync(redis.Endpoint);
        var channel = RedisChannel.Literal(ChatKit.Redis.RedisKeys.Channel(prefix, "room"));
        foreach (var payload in new[] { Secret, $":0\n{Secret}", $"{Secret}:1\n{Secret}" })
            await other.GetSubscriber().PublishAsync(channel, payload);
        await Patience.UntilAsync(() => Counts(host.Logs).Any(static found => found.Id == 403), "it is told of");

        AssertSilent(host.Logs);
    }

    private static (int Id, int Count)[] Counts(FakeLogCollector logs) =>
        [.. logs.GetSnapshot().Where(IsOurs).GroupBy(static line => line.Id.Id).Select(static g => (g.Key, g.Count())).Order()];

    private static bool IsOurs(FakeLogRecord line) => line.Category?.StartsWith("ChatKit", StringComparison.Ordinal) == true;

    /// <summary>Nothing above Debug, neither its text nor its values nor its exception, has what was said.</summary>
    private static void AssertSilent(FakeLogCollector logs)
    {
        var lines = logs.GetSnapshot().Where(static line => line.Level > LogLevel.Debug);
        Assert.DoesNotContain(lines, static line =>
            $"{line.Message} {line.Exception} {string.Join(' ', line.StructuredState ?? [])}".Contains(Secret, StringComparison.Ordinal));
    }
}

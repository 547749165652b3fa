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
    public async Task A_failing_handler_is_logged_once_without_the_message()
    {
        await using var host = new ChatHost();
        var handler = new ScriptedHandler { Message = static (_, _) => throw new InvalidOperationException("a fault") };
        var (plain, v1) = (host.Connect(handler: handler), await host.ConnectV1Async(new ScriptedHandler { Message = handler.Message }));
        await plain.Client.SendAsync(Secret);
        await v1.Client.SendAsync($$"""{"type":"message","ref":"{{Secret}}","data":"{{Secret}}"}""");
        await plain.Client.ReceiveAndAnswerCloseAsync();
        await v1.Client.ReceiveAndAnswerCloseAsync();
        await Task.WhenAll(plain.Ended, v1.Ended).Soon();

        Assert.Equal([(100, 2), (101, 2), (102, 2)], Counts(host.Logs));
        AssertSecretNotLogged(host.Logs);
    }

    [Fact]
    public async Task The_content_of_malformed_frames_is_not_logged()
    {
        await using var host = new ChatHost();
        var v1 = await host.ConnectV1Async();
        for (var i = 0; i < 10; i++)
            await v1.Client.SendAsync(Secret);
        var plain = host.Connect();
        await plain.Client.SendFrameAsync(1, [0xFF, .. Encoding.UTF8.GetBytes(Secret)]);
        await v1.Client.ReceiveAndAnswerCloseAsync();
        await plain.Client.ReceiveAndAnswerCloseAsync();
        plain.Client.Disconnect();
        await Task.WhenAll(plain.Ended, v1.Ended).Soon();

        Assert.Equal([(100, 2), (101, 2)], Counts(host.Logs));
        AssertSecretNotLogged(host.Logs);
    }

    [Fact]
    public async Task An_unavailable_store_and_slow_members_are_logged_once_without_messages()
    {
        await using var room = new RoomFixture();
        var (slow, slower) = (await room.JoinAsync("slow"), await room.JoinAsync("slower", replay: 0));
        slow.Accept(0);
        slower.Accept(0);
        await room.Host.Broadcaster.BroadcastAsync(RoomFixture.Name, Secret);
        await slower.Closed.Soon();
        await room.Host.Broadcaster.BroadcastAsync(RoomFixture.Name, Secret, new RoomBroadcastOptions { Store = false });
        room.History.Down = true;
        await Assert.ThrowsAsync<HistoryUnavailableException>(() => room.Host.Broadcaster.BroadcastAsync(RoomFixture.Name, Secret).AsTask());

        Assert.Equal([(200, 1), (201, 1)], Counts(room.Host.Logs));
        AssertSecretNotLogged(room.Host.Logs);
    }

    [Fact]
    public async Task A_gap_is_logged_once_without_messages()
    {
        await using var host = new ChatHost(static options => options.HistoryCapacity = 5);
        for (var i = 1; i <= 10; i++)
            await host.Broadcaster.BroadcastAsync("lobby", Secret);
        await host.EnterV1Async(after: (await host.History.ReadAsync("lobby")).Top with { Sequence = 2 });

        Assert.Equal([(100, 1), (220, 1)], Counts(host.Logs));
        AssertSecretNotLogged(host.Logs);
    }

    [Fact]
    public async Task The_content_of_unreadable_data_in_Redis_is_not_logged()
    {
        var prefix = RedisHost.NewPrefix();
        await using var host = RedisNode.Start(redis.Configuration, prefix);
        await host.EnterAsync("room");
        await using var other = await ConnectionMultiplexer.ConnectAsync(redis.Configuration);
        var channel = RedisChannel.Literal(ChatKit.Redis.RedisKeys.Channel(prefix, "room"));
        foreach (var payload in new[] { Secret, $":0\n{Secret}", $"{Secret}:1\n{Secret}" })
            await other.GetSubscriber().PublishAsync(channel, payload);
        await Patience.UntilAsync(() => Counts(host.Logs).Any(static found => found.Id == 403), "the unreadable payload is logged");

        AssertSecretNotLogged(host.Logs);
    }

    private static (int Id, int Count)[] Counts(FakeLogCollector logs) =>
        [.. logs.GetSnapshot().Where(IsOurs).GroupBy(static line => line.Id.Id).Select(static g => (g.Key, g.Count())).Order()];

    private static bool IsOurs(FakeLogRecord line) => line.Category?.StartsWith("ChatKit", StringComparison.Ordinal) == true;

    /// <summary>Nothing above Debug, neither its text nor its values nor its exception, has what was said.</summary>
    private static void AssertSecretNotLogged(FakeLogCollector logs)
    {
        var lines = logs.GetSnapshot().Where(static line => line.Level > LogLevel.Debug);
        Assert.DoesNotContain(lines, static line =>
            $"{line.Message} {line.Exception} {string.Join(' ', line.StructuredState ?? [])}".Contains(Secret, StringComparison.Ordinal));
    }
}

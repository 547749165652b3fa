using System.Globalization;
using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Redis;

public class RedisSentinelTests
{
    [Fact]
    public async Task Rooms_keep_working_after_a_failover_by_Sentinel()
    {
        Requirement.RedisServer();
        await using var primary = new RedisServer();
        await primary.InitializeAsync();
        await using var replica = new RedisServer { Options = ["--replicaof", "127.0.0.1", $"{primary.Port}"] };
        await replica.InitializeAsync();
        await using var sentinel = new RedisServer { Sentinel = primary };
        await sentinel.InitializeAsync();
        await Patience.UntilAsync(async () => (await replica.CallAsync("INFO replication")).Contains("master_link_status:up"), "the replica has the data");
        await Patience.UntilAsync(
            async () => (await sentinel.CallAsync("INFO sentinel")).Contains("slaves=1"), "Sentinel has discovered the replica");

        var prefix = RedisHost.NewPrefix();
        var configuration = $"{sentinel.Endpoint},serviceName={RedisServer.SentinelService}";
        await using var here = RedisNode.Start(configuration, prefix);
        await using var there = RedisNode.Start(configuration, prefix);
        var (ann, bob) = (await here.EnterAsync("room"), await there.EnterAsync("room"));
        await here.Broadcaster.BroadcastAsync("room", "before");
        Assert.Equal("before", await ann.Client.ReceiveTextAsync());
        Assert.Equal("before", await bob.Client.ReceiveTextAsync());

        // WAIT counts only what its own connection has written, so the offsets are compared.
        await Patience.UntilAsync(async () => await HasEverythingAsync(primary, replica), "the replica has the message");

        await primary.KillAsync();
        await Assert.ThrowsAsync<HistoryUnavailableException>(() => here.Broadcaster.BroadcastAsync("room", "lost").AsTask());
        await here.CanStoreAsync();
        await there.CanStoreAsync();
        await there.Broadcaster.BroadcastAsync("room", "after");

        Assert.Equal("after", await ann.Client.ReceiveTextAsync());
        Assert.Equal("after", await bob.Client.ReceiveTextAsync());
        Assert.Equal(["before", "after"], (await here.History.ReadAsync("room")).Messages.Select(static m => m.Text));
        Assert.Contains("role:master", await replica.CallAsync("INFO replication"));
    }

    private static async Task<bool> HasEverythingAsync(RedisServer primary, RedisServer replica) =>
        Offset(await primary.CallAsync("INFO replication"), "master_repl_offset:") is var sent
        && sent <= Offset(await replica.CallAsync("INFO replication"), "slave_repl_offset:");

    private static long Offset(string info, string name) => long.Parse(
        info.Split('\n').First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..], CultureInfo.InvariantCulture);

    [Fact]
    public async Task Nodes_that_start_before_Sentinel_log_it_once_and_connect_later()
    {
        Requirement.RedisServer();
        await using var primary = new RedisServer();
        await primary.InitializeAsync();
        await using var sentinel = new RedisServer { Sentinel = primary };
        await using var node = RedisNode.Start(
            $"{sentinel.Endpoint},serviceName={RedisServer.SentinelService},connectTimeout=500", RedisHost.NewPrefix());
        var member = await node.EnterAsync("room");
        for (var i = 0; i < 2; i++)
            await Assert.ThrowsAsync<HistoryUnavailableException>(() => node.Broadcaster.BroadcastAsync("room", "lost").AsTask());

        await sentinel.InitializeAsync();
        await node.CanStoreAsync();
        await node.Broadcaster.BroadcastAsync("room", "hi");
        var receiving = member.Client.ReceiveTextAsync();
        await Patience.UntilAsync(
            () =>
            {
                // What could not be subscribed to is tried again every second.
                node.Clock.Advance(TimeSpan.FromSeconds(1));
                return receiving.IsCompleted;
            },
            "the message is received");

        Assert.Equal("hi", await receiving);
        Assert.Single(node.Logs.GetSnapshot(), static line => line.Id.Id == 400);
        await Patience.UntilAsync(() => node.Logs.GetSnapshot().Any(static line => line.Id.Id == 401), "the node logs that it has found Sentinel");
        Assert.Single(node.Logs.GetSnapshot(), static line => line.Id.Id == 401);
    }
}

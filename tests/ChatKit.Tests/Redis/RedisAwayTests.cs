using System.Text.Json.Nodes;
using ChatKit.Redis;
using ChatKit.Rooms;
using ChatKit.Tests.Fixtures;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

/// <summary>What happens to rooms on two nodes when the Redis between them dies, hangs, forgets or is full. No node is restarted.</summary>
public sealed class RedisAwayTests : IAsyncLifetime
{
    private readonly string _prefix = RedisHost.NewPrefix();
    private readonly RedisServer _redis = new();
    private readonly List<IAsyncDisposable> _owned = [];
    private ConnectionMultiplexer? _admin;

    public ValueTask InitializeAsync() => _redis.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var owned in Enumerable.Reverse(_owned))
            await owned.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task Users_disconnected_while_a_node_is_not_subscribed_are_closed_when_it_subscribes_again()
    {
        const int Users = 10;
        var (here, there) = (Start(), Start());
        var banned = new List<ChatConnection>();
        for (var i = 0; i < Users; i++)
            banned.Add(await there.EnterTrackedAsync($"user {i}"));
        var admin = await AdminAsync();

        for (var i = 0; i < Users; i++)
        {
            await admin.ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");
            await here.Broadcaster.DisconnectUserAsync($"user {i}");
        }

        foreach (var connection in banned)
            Assert.Equal(1008, (await connection.Client.ReceiveAndAnswerCloseAsync()).Code);
    }

    [Fact]
    public async Task Users_taken_out_of_a_room_while_a_node_is_not_subscribed_leave_when_it_subscribes_again()
    {
        const int Users = 10;
        var (here, there) = (Start(), Start());
        var kicked = new List<ChatConnection>();
        for (var i = 0; i < Users; i++)
            kicked.Add(await there.EnterTrackedAsync($"user {i}"));
        var admin = await AdminAsync();

        for (var i = 0; i < Users; i++)
        {
            await admin.ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");
            await here.Broadcaster.LeaveUserAsync($"user {i}", "lobby");
        }

        foreach (var connection in kicked)
            Assert.Equal("lobby", (string?)(await connection.Client.ReceiveJsonUntilAsync("left"))[^1]["room"]);
        await Patience.UntilAsync(() => there.Rooms.Find("lobby") is null, "nobody is in the room");
    }

    [Fact]
    public async Task After_a_crash_and_restart_messages_are_delivered_again_and_none_that_was_not_stored()
    {
        var (here, there) = (Start(), Start());
        var (ann, bob) = (await here.EnterBroadcastingAsync(), await there.EnterBroadcastingAsync());
        for (var round = 0; round < 2; round++)
        {
            await ann.Client.SendAsync($"before {round}");
            Assert.Equal($"before {round}", await bob.Client.ReceiveTextAsync());
            Assert.Equal($"before {round}", await ann.Client.ReceiveTextAsync());

            await _redis.KillAsync();
            await Assert.ThrowsAsync<HistoryUnavailableException>(() => here.Broadcaster.BroadcastAsync("room", "lost").AsTask());
            await Assert.ThrowsAsync<HistoryUnavailableException>(() => here.Broadcaster.BroadcastAsync("room", "lost", new RoomBroadcastOptions { Store = false }).AsTask());
            await Assert.ThrowsAsync<HistoryUnavailableException>(() => here.Broadcaster.SendToUserAsync("ann", "lost").AsTask());
            await _redis.StartAsync();
            await WaitUntilRecoveredAsync(here, there);

            await there.Broadcaster.BroadcastAsync("room", $"after {round}");
            Assert.Equal($"after {round}", await ann.Client.ReceiveTextAsync());
            Assert.Equal($"after {round}", await bob.Client.ReceiveTextAsync());
        }
    }

    [Fact]
    public async Task A_client_that_joins_while_Redis_is_down_gets_everything_when_it_is_back()
    {
        var (here, there) = (Start(), Start());
        await here.Broadcaster.BroadcastAsync("room", "stored");
        await _redis.KillAsync();
        await Patience.UntilAsync(() => Count(here, 400) == 1 && Count(there, 400) == 1, "Redis is down");

        var early = await here.EnterAsync("room");
        var late = await there.EnterAsync("room");
        var gone = await there.EnterAsync("left again");
        gone.Client.Disconnect();
        await gone.Ended.Soon();
        await _redis.StartAsync();

        Assert.Equal("stored", await early.Client.ReceiveTextAsync());
        Assert.Equal("stored", await late.Client.ReceiveTextAsync());
        await here.CanStoreAsync();
        await here.Broadcaster.BroadcastAsync("room", "new");
        Assert.Equal("new", await early.Client.ReceiveTextAsync());
        Assert.Equal("new", await late.Client.ReceiveTextAsync());
        Assert.Equal([RedisKeys.Channel(_prefix, "room")], await ChannelsAsync());
    }

    [Fact]
    public async Task Nodes_that_start_before_Redis_connect_when_it_starts()
    {
        await _redis.KillAsync();
        var (here, there) = (Start(), Start());
        var (ann, bob) = (await here.EnterAsync("room"), await there.EnterAsync("room"));
        await _redis.StartAsync();
        await WaitUntilRecoveredAsync(here, there);

        await here.Broadcaster.BroadcastAsync("room", "hi");

        Assert.Equal("hi", await ann.Client.ReceiveTextAsync());
        Assert.Equal("hi", await bob.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task Messages_missed_while_only_the_subscriptions_are_lost_are_read_from_history()
    {
        var (here, there) = (Start(), Start());
        var bob = await there.EnterAsync("room");
        var admin = await AdminAsync();
        for (var i = 0; i < 20; i++)
        {
            Assert.NotEqual(0, (int)await admin.ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub"));
            await here.Broadcaster.BroadcastAsync("room", $"{i}");
            Assert.Equal($"{i}", await bob.Client.ReceiveTextAsync());
            await Patience.UntilAsync(async () => (await ChannelsAsync()).Length > 0, "the channel is subscribed to again");
        }
    }

    [Fact]
    public async Task A_room_left_while_Redis_is_down_leaves_no_subscription_behind()
    {
        var host = Start();
        await host.EnterAsync("room");
        var leaving = new List<ChatConnection>();
        for (var i = 0; i < 20; i++)
            leaving.Add(await host.EnterAsync($"left {i}"));
        Assert.Equal(21, (await ChannelsAsync()).Length);
        await _redis.KillAsync();
        await Patience.UntilAsync(() => Count(host, 400) == 1, "Redis is down");

        foreach (var connection in leaving)
        {
            connection.Client.Disconnect();
            await connection.Ended.Soon();
        }

        await _redis.StartAsync();
        await WaitUntilRecoveredAsync(host);
        Assert.Equal([RedisKeys.Channel(_prefix, "room")], await ChannelsAsync());
    }

    [Fact]
    public async Task After_a_restart_without_data_v1_clients_get_a_gap()
    {
        var (here, there) = (Start(), Start());
        var (v1, plain) = await EnterBothAsync(here, there);
        await here.Broadcaster.BroadcastAsync("room", "before");
        Assert.Equal(["before"], (await v1.Client.ReceiveJsonAsync(1)).Shorten());
        Assert.Equal("before", await plain.Client.ReceiveTextAsync());

        await _redis.KillAsync();
        await _redis.StartEmptyAsync();
        await WaitUntilRecoveredAsync(here, there);
        await there.Broadcaster.BroadcastAsync("room", "after");

        var frames = await v1.Client.ReceiveJsonAsync(2);
        Assert.Equal(["gap", "after"], frames.Shorten());
        Assert.True((bool)frames[0]["reset"]!);
        Assert.Equal("after", await plain.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task After_FLUSHALL_a_new_epoch_starts_and_v1_clients_get_a_gap()
    {
        var (here, there) = (Start(), Start());
        var (v1, plain) = await EnterBothAsync(here, there);
        await here.Broadcaster.BroadcastAsync("room", "before");
        var before = PositionOf((await v1.Client.ReceiveJsonAsync(1))[0]);
        Assert.Equal("before", await plain.Client.ReceiveTextAsync());

        await (await AdminAsync()).ExecuteAsync("FLUSHALL");
        await there.Broadcaster.BroadcastAsync("room", "after");

        var frames = await v1.Client.ReceiveJsonAsync(2);
        Assert.Equal(["gap", "after"], frames.Shorten());
        Assert.Equal((before, true), (Position(frames[0]["after"]), (bool)frames[0]["reset"]!));
        Assert.NotEqual(before.Epoch, PositionOf(frames[1]).Epoch);
        Assert.Equal(1, PositionOf(frames[1]).Sequence);
        Assert.Equal("after", await plain.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task After_a_rollback_no_client_gets_another_message_at_a_position_it_has_seen_or_a_message_twice()
    {
        var (here, there) = (Start(), Start());
        var (v1, plain) = await EnterBothAsync(here, there);
        await SendAsync(here, 1, 3);
        var saved = _redis.Save();
        await SendAsync(there, 4, 5);
        var seen = (await v1.Client.ReceiveJsonAsync(5)).ConvertAll(PositionOf);
        await plain.Client.ReceiveTextsAsync(5);

        await _redis.RestoreAsync(saved);
        await WaitUntilRecoveredAsync(here, there);
        await SendAsync(here, 6, 6);
        await SendAsync(there, 7, 7);

        var frames = await v1.Client.ReceiveJsonAsync(3);
        Assert.Equal(["gap", "6", "7"], frames.Shorten());
        Assert.Equal((seen[4], true), (Position(frames[0]["after"]), (bool)frames[0]["reset"]!));
        Assert.NotEqual(seen[0].Epoch, PositionOf(frames[1]).Epoch);
        Assert.Equal([4L, 5], frames.Skip(1).Select(static frame => PositionOf(frame).Sequence));
        Assert.Equal(["6", "7"], await plain.Client.ReceiveTextsAsync(2));

        // Who has seen nothing that is lost goes on without noticing; who has is told.
        Assert.Equal(["3", "6", "7", "live"], (await there.EnterV1Async(room: "room", after: seen[1])).Frames.Shorten());
        Assert.Equal(["6", "7", "live"], (await there.EnterV1Async(room: "room", after: seen[2])).Frames.Shorten());
        Assert.Equal(["gap", "6", "7", "live"], (await there.EnterV1Async(room: "room", after: seen[3])).Frames.Shorten());
        Assert.Equal(["live"], (await there.EnterV1Async(room: "room", after: PositionOf(frames[2]))).Frames.Shorten());
    }

    [Fact]
    public async Task After_a_rollback_and_writes_that_the_nodes_did_not_notice_a_new_epoch_starts()
    {
        var here = Start();
        await here.EnterAsync("room");
        await SendAsync(here, 1, 5);
        var stored = (await here.History.ReadAsync("room")).Top;
        var database = await AdminAsync();

        // What a failover to a replica that lags behind does, without that a connection is lost.
        await database.HashSetAsync(RedisKeys.OfRoom(_prefix, "room")[0], "sequence", 3);
        await database.ListRightPopAsync(RedisKeys.OfRoom(_prefix, "room")[1], 2);
        await SendAsync(here, 6, 6);

        var page = await here.History.ReadAsync("room", stored with { Sequence = 3 });
        Assert.Equal((4, false, 0), (page.Top.Sequence, page.Restarted, page.Missed));
        Assert.NotEqual(stored.Epoch, page.Top.Epoch);
        Assert.Equal(["6"], page.Messages.Select(static m => m.Text));
        page = await here.History.ReadAsync("room", stored);
        Assert.Equal((true, 0), (page.Restarted, page.Missed));
        Assert.Equal(["6"], page.Messages.Select(static m => m.Text));
        page = await here.History.ReadAsync("room", stored with { Sequence = 1 });
        Assert.Equal((false, 0), (page.Restarted, page.Missed));
        Assert.Equal(["2", "3", "6"], page.Messages.Select(static m => m.Text));
    }

    [Fact]
    public async Task A_position_sent_by_a_client_never_starts_an_epoch()
    {
        var here = Start();
        await SendAsync(here, 1, 3);
        var top = (await here.History.ReadAsync("room")).Top;

        var (client, frames) = await here.EnterV1Async(room: "room", after: top with { Sequence = 1000 });
        Assert.Equal(["gap", "1", "2", "3", "live"], frames.Shorten());
        await SendAsync(here, 4, 4);

        Assert.Equal(top with { Sequence = 4 }, PositionOf((await client.Client.ReceiveJsonAsync(1))[0]));
    }

    [Fact]
    public async Task While_Redis_hangs_sends_time_out_and_every_stored_message_is_delivered_in_one_order()
    {
        Requirement.RedisServer();
        var (here, there) = (Start(",asyncTimeout=300"), Start(",asyncTimeout=300"));
        var (ann, bob) = (await here.EnterAsync("room"), await there.EnterAsync("room"));
        var sleeping = (await AdminAsync()).ExecuteAsync("DEBUG", "SLEEP", "2");
        var failed = await SendUntilFailureAsync(here);
        var joined = await here.EnterAsync("room");

        await sleeping;
        await here.CanStoreAsync();
        await here.Broadcaster.BroadcastAsync("room", "after");

        var received = await ann.Client.ReceiveUntilAsync("after");
        Assert.Equal(received, await bob.Client.ReceiveUntilAsync("after"));
        Assert.Equal(received, (await here.History.ReadAsync("room")).Messages.Select(static m => m.Text));
        Assert.InRange(failed, 0, received.Count);
        here.Clock.Advance(new ChatKitOptions().RoomCheckInterval);
        Assert.Equal(received, await joined.Client.ReceiveUntilAsync("after"));
    }

    [Fact]
    public async Task While_Redis_is_paused_sends_time_out_and_delivery_recovers_by_itself()
    {
        Requirement.RedisServer();
        var (here, there) = (Start(",asyncTimeout=300"), Start(",asyncTimeout=300"));
        var (ann, bob) = (await here.EnterAsync("room"), await there.EnterAsync("room"));
        await (await AdminAsync()).ExecuteAsync("CLIENT", "PAUSE", "1500", "ALL");
        await SendUntilFailureAsync(here);

        await here.CanStoreAsync();
        await there.CanStoreAsync();
        await there.Broadcaster.BroadcastAsync("room", "after");

        var received = await ann.Client.ReceiveUntilAsync("after");
        Assert.Equal(received, await bob.Client.ReceiveUntilAsync("after"));
        Assert.Equal(received, (await here.History.ReadAsync("room")).Messages.Select(static m => m.Text));
    }

    [Fact]
    public async Task A_full_Redis_stores_nothing_and_messages_not_stored_are_not_delivered()
    {
        Requirement.RedisServer();
        var (here, there) = (Start(), Start());
        var (ann, bob) = (await here.EnterAsync("room"), await there.EnterAsync("room"));
        var admin = await AdminAsync();
        await admin.ExecuteAsync("CONFIG", "SET", "maxmemory-policy", "noeviction");
        await admin.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
        await Assert.ThrowsAsync<HistoryUnavailableException>(() => here.Broadcaster.BroadcastAsync("room", "lost").AsTask());
        await here.Broadcaster.BroadcastAsync("room", "ephemeral", new RoomBroadcastOptions { Store = false });
        await admin.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await here.Broadcaster.BroadcastAsync("room", "after");

        Assert.Equal(["ephemeral", "after"], await ann.Client.ReceiveTextsAsync(2));
        Assert.Equal(["ephemeral", "after"], await bob.Client.ReceiveTextsAsync(2));
    }

    private static async Task<int> SendUntilFailureAsync(ChatHost host)
    {
        for (var i = 0; i < 1000; i++)
        {
            try
            {
                await host.Broadcaster.BroadcastAsync("room", $"{i}");
            }
            catch (HistoryUnavailableException)
            {
                return i;
            }
        }

        throw new InvalidOperationException("The server has answered all the time.");
    }

    private static async Task SendAsync(ChatHost host, int first, int last)
    {
        for (var i = first; i <= last; i++)
            await host.Broadcaster.BroadcastAsync("room", $"{i}");
    }

    private static async Task<(ChatConnection V1, ChatConnection Plain)> EnterBothAsync(ChatHost here, ChatHost there) =>
        ((await here.EnterV1Async(room: "room")).Connection, await there.EnterAsync("room"));

    /// <summary>Waits until nodes can store, and are subscribed: what is broadcast then reaches them by the channel.</summary>
    private async Task WaitUntilRecoveredAsync(params ChatHost[] hosts)
    {
        foreach (var host in hosts)
            await host.CanStoreAsync();
        var admin = await AdminAsync();
        var channel = RedisKeys.Channel(_prefix, "room");
        await Patience.UntilAsync(
            async () => (int)((RedisResult[])(await admin.ExecuteAsync("PUBSUB", "NUMSUB", channel))!)[1] == hosts.Length,
            "the channel is subscribed to again");
    }

    private static int Count(ChatHost host, int eventId) => host.Logs.GetSnapshot().Count(line => line.Id.Id == eventId);

    private static MessagePosition PositionOf(JsonObject frame) => Position(frame["position"]);

    private static MessagePosition Position(JsonNode? node) => MessagePosition.Parse((string)node!);

    private ChatHost Start(string more = "")
    {
        var host = RedisNode.Start(_redis.Configuration + more, _prefix);
        _owned.Add(host);
        return host;
    }

    private async Task<IDatabase> AdminAsync()
    {
        if (_admin is null)
        {
            _admin = await ConnectionMultiplexer.ConnectAsync($"{_redis.Configuration},allowAdmin=true,asyncTimeout=20000,abortConnect=false");
            _owned.Add(_admin);
        }

        return _admin.GetDatabase();
    }

    private async Task<string[]> ChannelsAsync() =>
        [.. ((string[])(await (await AdminAsync()).ExecuteAsync("PUBSUB", "CHANNELS"))!).Where(channel =>
            channel.StartsWith(_prefix, StringComparison.Ordinal) && channel != RedisKeys.Channel(_prefix, OtherNodes.Room))];
}

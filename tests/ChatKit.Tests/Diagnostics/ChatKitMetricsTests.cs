using System.Net.WebSockets;
using ChatKit.Rooms;
using ChatKit.Tests.Fixtures;
using ChatKit.Tests.Rooms;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace ChatKit.Tests.Diagnostics;

public sealed class ChatKitMetricsTests : IAsyncDisposable
{
    private readonly TestMeters _meters = new();
    private readonly ChatHost _host;

    public ChatKitMetricsTests() => _host = new ChatHost(services: _meters.AddTo);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _meters.Dispose();
    }

    [Fact]
    public async Task Open_connections_and_every_opening_and_closing_are_counted()
    {
        var one = await _host.EnterAsync();
        var active = _meters.Collect("chatkit.connections.active");
        var opened = _meters.Collect("chatkit.connections.opened");
        var closed = _meters.Collect("chatkit.connections.closed");
        var rooms = _meters.Collect("chatkit.rooms.active");
        await _host.EnterAsync("elsewhere");
        Assert.Equal((2, 1, 2), (active.Now(), opened.Sum(), rooms.Now()));

        await one.Client.SendCloseAsync();
        await one.Ended.Soon();

        Assert.Equal((1, 1), (active.Now(), rooms.Now()));
        Assert.Equal((1L, 1000), Assert.Single(closed.GetMeasurementSnapshot().Select(static m => (m.Value, (int)m.Tags["chatkit.close.code"]!))));
    }

    [Fact]
    public async Task Close_codes_of_applications_are_counted_in_two_groups()
    {
        var closed = _meters.Collect("chatkit.connections.closed");
        foreach (var code in new[] { 3000, 3999, 4000, 4242, 4999 })
        {
            var connection = await _host.EnterAsync();
            await connection.Client.SendCloseAsync((WebSocketCloseStatus)code);
            await connection.Ended.Soon();
        }

        Assert.Equal((2, 3), (closed.Sum(3000), closed.Sum(4000)));
    }

    [Fact]
    public async Task Refused_frames_are_counted_by_code_and_the_codes_of_applications_as_one()
    {
        var refused = _meters.Collect("chatkit.frames.refused");
        var handler = new ScriptedHandler
        {
            Message = static (_, message) => throw new MessageRefusedException(message.Text, "no"),
        };
        var (v1, _) = await _host.EnterV1Async(handler);
        string[] frames =
        [
            "{}", """{"type":"later"}""", """{"type":"join","room":"team"}""", """{"type":"read","position":"e:1"}""",
            """{"type":"message","data":"muted"}""", """{"type":"message","data":"rude"}""",
        ];
        foreach (var frame in frames)
        {
            await v1.Client.SendAsync(frame);
            Assert.Equal("error", (string?)(await v1.Client.ReceiveJsonAsync())["type"]);
        }

        var plain = _host.Connect(handler: new ScriptedHandler { Message = static (_, _) => throw new MessageRefusedException("muted", "no") });
        await plain.Client.SendAsync("hi");
        await Patience.UntilAsync(() => refused.Sum() == 7, "all are counted");

        Assert.Equal(
            [("application", 3), ("forbidden", 2), ("malformed", 1), ("unsupported", 1)],
            refused.GetMeasurementSnapshot().GroupBy(static m => (string)m.Tags["chatkit.code"]!).Select(static g => (g.Key, g.Count())).Order());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_exceeds_its_rate_is_counted_as_refused_once(bool speaksV1)
    {
        var refused = _meters.Collect("chatkit.frames.refused");
        var options = new WebSocketConnectionOptions { MaxMessagesPerSecond = 1, MaxMessageBurst = 2 };
        var connection = speaksV1 ? await _host.ConnectV1Async(options: options) : _host.Connect(options: options);

        for (var i = 0; i < 5; i++)
            await connection.Client.SendAsync("""{"type":"message","data":"hi"}""");
        await connection.Client.ReceiveAndAnswerCloseAsync();

        Assert.Equal((1, 1), (refused.Sum(), refused.Sum("rate_limited")));
    }

    [Fact]
    public async Task Messages_are_counted_when_received_when_stored_and_for_each_member_that_gets_them()
    {
        var received = _meters.Collect("chatkit.messages.received");
        var stored = _meters.Collect("chatkit.messages.stored");
        var delivered = _meters.Collect("chatkit.messages.delivered");
        var one = await _host.EnterAsync();
        var other = await _host.EnterAsync();
        Assert.Equal(2, received.Sum());

        await one.Handler.Broadcast("to others", new BroadcastOptions { Audience = Audience.Others });
        await one.Handler.Broadcast("to both");
        await one.Client.ReceiveTextAsync();
        await other.Client.ReceiveTextsAsync(2);
        var third = await _host.EnterAsync();
        await third.Client.ReceiveTextsAsync(2);
        await Patience.UntilAsync(() => delivered.Sum() == 5, "3 live and 2 stored messages are counted");
        Assert.Equal(2, stored.Sum());

        await one.Handler.Broadcast("not stored", new BroadcastOptions { Store = false });
        await third.Client.ReceiveTextAsync();
        Assert.Equal(2, stored.Sum());
    }

    [Fact]
    public async Task A_fan_out_to_many_members_is_measured_once()
    {
        var delivered = _meters.Collect("chatkit.messages.delivered");
        var fanOut = _meters.Collect<double>("chatkit.fan_out.duration");
        var members = new List<ChatConnection>();
        for (var i = 0; i < 5; i++)
            members.Add(await _host.EnterAsync());

        await members[0].Handler.Broadcast("to all");
        await Task.WhenAll(members.Select(static member => member.Client.ReceiveTextAsync()));

        await Patience.UntilAsync(() => fanOut.GetMeasurementSnapshot().Count > 0, "the fan-out has ended");
        Assert.Equal([5L], delivered.GetMeasurementSnapshot().Select(static m => m.Value));
        Assert.Single(fanOut.GetMeasurementSnapshot());
    }

    [Fact]
    public async Task Bytes_are_counted_in_both_directions_and_remain_counted_after_the_connection_ends()
    {
        var io = _meters.Collect("chatkit.network.io");
        var one = await _host.EnterAsync();
        var (clientHeader, serverHeader, closeCode) = (6, 2, 2);
        var received = clientHeader + "knock".Length;
        await Patience.UntilAsync(() => io.Now("receive") == received, "the received bytes are counted");
        Assert.Equal(0, io.Now("transmit"));

        await one.Handler.Broadcast("hello");
        await one.Client.ReceiveTextAsync();
        await one.Client.SendCloseAsync();
        await one.Ended.Soon();

        Assert.Equal(received + clientHeader + closeCode, io.Now("receive"));
        Assert.Equal(serverHeader + "hello".Length + serverHeader + closeCode, io.Now("transmit"));
    }

    [Fact]
    public async Task The_size_of_the_outbound_queues_is_observable()
    {
        var size = _meters.Collect("chatkit.outbound_queue.size");
        var largest = _meters.Collect("chatkit.outbound_queue.largest");
        var (slow, slower) = (await _host.EnterAsync(buffer: 512), await _host.EnterAsync(buffer: 512));
        Assert.Equal((0, 0), (size.Now(), largest.Now()));

        const int Header = 4, Less = 1_000, More = 2_000;
        await slow.Handler.Send(new string('x', Less));
        await slower.Handler.Send(new string('x', More));
        Assert.Equal((Less + More + (2 * Header), More + Header), (size.Now(), largest.Now()));

        await slow.Client.ReceiveTextAsync();
        await slower.Client.ReceiveTextAsync();
        await Patience.UntilAsync(() => (size.Now(), largest.Now()) == (0, 0), "the queues are empty");
    }

    [Fact]
    public async Task A_full_queue_and_the_ephemeral_messages_it_drops_are_counted()
    {
        var behind = _meters.Collect("chatkit.slow_consumers.behind");
        var closed = _meters.Collect("chatkit.slow_consumers.closed");
        var dropped = _meters.Collect("chatkit.messages.dropped");
        var slow = await _host.EnterAsync(options: new() { OutboundQueueLimit = 1024 }, buffer: 512);

        await Patience.UntilAsync(
            async () =>
            {
                await slow.Handler.Broadcast(new string('x', 600), new BroadcastOptions { Store = false });
                return dropped.Sum("ephemeral") > 0;
            },
            "an ephemeral message is dropped");
        await slow.Handler.Broadcast(new string('x', 600));
        await Patience.UntilAsync(
            () => _host.Logs.GetSnapshot().Any(static line => line.Id.Id == 200), "the client is behind and catches up");

        Assert.InRange(behind.Sum(), 2, int.MaxValue);
        Assert.Equal((0, 0), (closed.Sum(), dropped.Sum("closed")));
    }

    [Fact]
    public async Task A_client_closed_as_too_slow_is_counted_with_the_messages_it_did_not_get()
    {
        var closed = _meters.Collect("chatkit.slow_consumers.closed");
        var dropped = _meters.Collect("chatkit.messages.dropped");
        var slow = await _host.EnterAsync(options: new() { OutboundQueueLimit = 1024, HistoryCapacity = 0 }, buffer: 512);

        await Patience.UntilAsync(
            async () =>
            {
                await slow.Handler.Broadcast(new string('x', 600));
                return closed.Sum() > 0;
            },
            "the connection is closed");

        Assert.Equal(1, closed.Sum());
        Assert.InRange(dropped.Sum("closed"), 1, int.MaxValue);
        Assert.Equal(dropped.Sum(), dropped.Sum("closed"));
    }

    [Fact]
    public async Task Resumes_are_counted_by_outcome_and_gaps_with_the_messages_missed()
    {
        await using var host = new ChatHost(static options => options.HistoryCapacity = 5, _meters.AddTo);
        var resumes = _meters.Collect("chatkit.resumes");
        var gaps = _meters.Collect("chatkit.gaps");
        var missed = _meters.Collect("chatkit.messages.missed");
        for (var i = 1; i <= 10; i++)
            await host.Broadcaster.BroadcastAsync("lobby", $"{i}");
        var top = (await host.History.ReadAsync("lobby")).Top;

        await host.EnterV1Async();
        Assert.Equal(0, resumes.Sum());

        // What is counted was enqueued, and a client may have got it before.
        await host.EnterV1Async(after: top with { Sequence = 7 });
        await Patience.UntilAsync(() => resumes.Sum() == 1, "the resume is counted");
        Assert.Equal((1, 1, 0), (resumes.Sum(), resumes.Sum(true), gaps.Sum()));
        await host.EnterV1Async(after: top with { Sequence = 2 });
        await host.EnterV1Async(after: new MessagePosition("lost", 3));
        await Patience.UntilAsync(() => resumes.Sum() == 3, "both resumes are counted");

        Assert.Equal((1, 2), (resumes.Sum(true), resumes.Sum(false)));
        Assert.Equal((1, 1, 2), (gaps.Sum("trimmed"), gaps.Sum("reset"), gaps.Sum("member")));
        Assert.Equal((3, 3), (missed.Sum(), missed.Sum("member")));
    }

    [Fact]
    public async Task Messages_lost_by_the_backplane_count_as_one_gap_however_many_members_the_room_has()
    {
        await using var room = new RoomFixture(services: _meters.AddTo);
        var gaps = _meters.Collect("chatkit.gaps");
        var missed = _meters.Collect("chatkit.messages.missed");
        var (one, other) = (await room.JoinAsync("one"), await room.JoinAsync("other"));
        await room.PublishAsync(1);
        await room.PublishAsync(20, capacity: 5, lost: true);
        await room.PublishAsync(1, capacity: 5);
        await one.ReceiveAsync(6);
        await other.ReceiveAsync(6);

        Assert.Equal((1, 16), (gaps.Sum("room"), missed.Sum("room")));
        Assert.Equal((1, 16), (gaps.Sum(), missed.Sum()));
    }

    [Fact]
    public async Task A_message_lost_in_a_room_without_replay_counts_as_a_gap_and_is_logged()
    {
        await using var room = new RoomFixture(services: _meters.AddTo);
        var missed = _meters.Collect("chatkit.messages.missed");
        var client = await room.JoinAsync(replay: 0);
        await room.PublishAsync(1);
        await room.PublishAsync(2, lost: true);
        await room.PublishAsync(1);
        await client.ReceiveAsync(2);

        Assert.Equal(2, missed.Sum("room"));
        Assert.Single(room.Host.Logs.GetSnapshot(), static line => line.Id.Id == 221);
    }

    [Fact]
    public async Task Storing_reading_and_publishing_are_measured_once_each_with_their_outcome()
    {
        await using var room = new RoomFixture(services: _meters.AddTo);
        var history = _meters.Collect<double>("chatkit.history.duration");
        await room.Host.Broadcaster.BroadcastAsync(RoomFixture.Name, "stored");
        await room.Host.Broadcaster.BroadcastAsync(RoomFixture.Name, "not stored", new RoomBroadcastOptions { Store = false });
        await room.JoinAsync();
        Assert.Equal([("append", "ok"), ("publish", "ok"), ("read", "ok")], Measured(history));

        room.History.Down = true;
        await Assert.ThrowsAsync<HistoryUnavailableException>(() => room.Host.Broadcaster.BroadcastAsync(RoomFixture.Name, "lost").AsTask());
        await room.Rooms.Enter("another room", new FakeRoomClient("other"), 100).StartAsync();
        Assert.Equal([("append", "unavailable"), ("read", "unavailable")], Measured(history).Skip(3));
    }

    [Fact]
    public async Task Durations_are_measured_in_seconds_with_the_TimeProvider_of_the_application()
    {
        await using var room = new RoomFixture(services: _meters.AddTo);
        var history = _meters.Collect<double>("chatkit.history.duration");
        await room.Host.Broadcaster.BroadcastAsync(RoomFixture.Name, "stored");
        room.History.AfterRead = () =>
        {
            room.Host.Clock.Advance(TimeSpan.FromMilliseconds(250));
            return Task.CompletedTask;
        };
        await room.JoinAsync();

        Assert.Equal([0, 0.25], history.GetMeasurementSnapshot().Select(static m => m.Value));
    }

    [Fact]
    public async Task Lag_is_the_difference_to_the_senders_clock_and_never_negative()
    {
        var lag = _meters.Collect<double>("chatkit.backplane.lag");
        var one = await _host.EnterAsync();
        var now = _host.Clock.GetUtcNow();
        foreach (var at in new[] { now.AddSeconds(-3), now, now.AddSeconds(2) })
            await _host.Backplane.PublishAsync("lobby", Outgoing.Text("hi", at));
        await one.Client.ReceiveTextsAsync(3);

        Assert.Equal([3.0, 0, 0], lag.GetMeasurementSnapshot().Select(static m => m.Value));
    }

    [Fact]
    public void The_meter_and_the_activity_source_have_the_documented_names() =>
        Assert.Equal(("ChatKit", "ChatKit"), (ChatKitTelemetry.MeterName, ChatKitTelemetry.ActivitySourceName));

    private static IEnumerable<(string, string)> Measured(MetricCollector<double> history) => history.GetMeasurementSnapshot()
        .Select(static m => ((string)m.Tags["chatkit.operation"]!, (string)m.Tags["chatkit.outcome"]!));
}

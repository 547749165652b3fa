using ChatKit.Rooms;
using static ChatKit.Tests.Rooms.RoomFixture;

namespace ChatKit.Tests.Rooms;

/// <summary>Whatever the backplane does to the messages, members get them in order, once, and all that is stored.</summary>
public class RoomDeliveryTests
{
    [Fact]
    public async Task A_lost_message_is_read_from_history_before_the_next_is_delivered()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync();

        await room.PublishAsync(2);
        await room.PublishAsync(3, lost: true);
        await room.PublishAsync(1);

        Assert.Equal(Texts(1, 6), await client.ReceiveAsync(6));
    }

    [Fact]
    public async Task The_first_message_of_a_room_may_be_lost_too()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync();

        await room.PublishAsync(1, lost: true);
        await room.PublishAsync(1);

        Assert.Equal(Texts(1, 2), await client.ReceiveAsync(2));
    }

    [Fact]
    public async Task A_duplicated_message_is_delivered_once()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync();
        room.Backplane.Transform = static message => [message, message];

        await room.PublishAsync(5);
        await room.PublishEphemeralAsync("end");

        // The ephemeral text is no double: it has no position.
        var texts = await client.ReceiveAsync(7);
        Assert.Equal([.. Texts(1, 5), "end", "end"], texts);
    }

    [Fact]
    public async Task Swapped_messages_are_delivered_in_order()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync();
        ChatMessage? held = null;
        room.Backplane.Transform = message =>
        {
            (var former, held) = (held, held is null ? message : null);
            return former is null ? [] : [message, former];
        };

        await room.PublishAsync(10);
        await room.PublishEphemeralAsync("a");
        await room.PublishEphemeralAsync("b");

        var texts = await client.ReceiveAsync(12);
        Assert.Equal(Texts(1, 10), texts.Where(static text => int.TryParse(text, out _)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Any_mixture_of_faults_is_repaired(int seed)
    {
        await using var room = new RoomFixture(static options => options.HistoryCapacity = 1000);
        FakeRoomClient[] clients = [await room.JoinAsync("a"), await room.JoinAsync("b")];
        var random = new Random(seed);
        List<ChatMessage> late = [];
        room.Backplane.Transform = message =>
        {
            switch (random.Next(5))
            {
                case 0:
                    return [];
                case 1:
                    return [message, message];
                case 2:
                    late.Add(message);
                    return [];
                default:
                    ChatMessage[] carried = [message, .. late];
                    late.Clear();
                    return carried;
            }
        };

        await room.PublishAsync(500);
        room.Backplane.Transform = static message => [message];
        await room.PublishAsync(1);

        foreach (var client in clients)
            Assert.Equal(Texts(1, 501), await client.ReceiveAsync(501));
    }

    [Fact]
    public async Task A_lost_last_message_is_found_by_the_check()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync();
        await room.PublishAsync(1);
        await client.ReceiveAsync(1);
        await room.PublishAsync(1, lost: true);

        // The first check only sees that something has come since the last.
        room.Check();
        room.Check();

        Assert.Equal(Texts(1, 2), await client.ReceiveAsync(2));
    }

    [Fact]
    public async Task A_lost_last_message_is_found_when_the_backplane_reconnects()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync();
        await room.PublishAsync(1);
        await room.PublishAsync(1, lost: true);

        room.Backplane.Reconnect(Name);

        Assert.Equal(Texts(1, 2), await client.ReceiveAsync(2));
    }

    [Fact]
    public async Task A_message_announced_while_an_older_page_is_being_read_is_not_lost()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync();
        await room.PublishAsync(1);
        await client.ReceiveAsync(1);
        var (read, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        room.History.AfterRead = async () =>
        {
            read.TrySetResult();
            await go.Task;
        };

        // A page without 2 and 3 is on its way when 3 is announced.
        room.Backplane.Reconnect(Name);
        await read.Task.Soon();
        await room.PublishAsync(1, lost: true);
        await room.PublishAsync(1);
        go.SetResult();

        Assert.Equal(Texts(1, 3), await client.ReceiveAsync(3));
    }

    [Fact]
    public async Task A_check_reads_the_history_once_even_in_a_busy_room()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync();
        room.Check();
        var before = room.History.Reads;
        for (var i = 0; i < 5; i++)
        {
            await room.PublishAsync(1);
            room.Check();
        }

        Assert.Equal(before + 5, room.History.Reads);
        await client.ReceiveAsync(5);
    }

    [Fact]
    public async Task Delivery_continues_with_a_new_stream_after_the_room_expired()
    {
        await using var room = new RoomFixture(static options =>
        {
            options.RoomTimeToLive = TimeSpan.FromSeconds(1);
            options.RoomCheckInterval = TimeSpan.FromHours(1);
        });
        var client = await room.JoinAsync();
        await room.PublishAsync(5);
        await client.ReceiveAsync(5);
        room.Host.Clock.Advance(TimeSpan.FromSeconds(2));

        await room.PublishAsync(3);
        Assert.Equal(Texts(1, 8), await client.ReceiveAsync(8));
        var second = await room.JoinAsync("second");
        await room.PublishAsync(1);

        Assert.Equal(Texts(1, 9), await client.ReceiveAsync(9));
        Assert.Equal(Texts(6, 9), await second.ReceiveAsync(4));
    }

    [Fact]
    public async Task Lost_messages_that_are_no_longer_stored_do_not_block_the_room()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync();
        await room.PublishAsync(1);
        await room.PublishAsync(20, capacity: 5, lost: true);
        await room.PublishAsync(1, capacity: 5);

        var texts = await client.ReceiveAsync(6);
        Assert.Equal([.. Texts(1, 1), .. Texts(18, 22)], texts);
        Assert.Contains(room.Host.Logs.GetSnapshot(), static record => record.Id.Id == 204);
    }

    [Fact]
    public async Task A_store_that_lost_its_newest_messages_continues_after_its_last_one()
    {
        await using var room = new RoomFixture();
        var early = await room.JoinAsync("early");
        await room.PublishAsync(3);
        var late = await room.JoinAsync("late");
        await early.ReceiveAsync(3);
        var top = (await room.Host.History.ReadAsync(Name)).Top;
        room.History.Page = _ => new HistoryPage([], top with { Sequence = 1 }, 0, Restarted: true);
        room.Backplane.Reconnect(Name);
        room.History.Page = null;

        room.Backplane.Deliver(Name, Outgoing.Text("another 2", default).WithPosition(top with { Sequence = 2 }));

        Assert.Equal(["1", "2", "3", "another 2"], await early.ReceiveAsync(4));
        Assert.Equal(["1", "2", "3", "another 2"], await late.ReceiveAsync(4));
    }

    [Fact]
    public async Task Members_without_replay_keep_receiving_after_a_lost_message()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync(replay: 0);

        await room.PublishAsync(2);
        await room.PublishAsync(1, lost: true);
        await room.PublishAsync(2);

        Assert.Equal(["1", "2", "4", "5"], await client.ReceiveAsync(4));
    }

    [Fact]
    public async Task A_failed_read_of_lost_messages_is_retried()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync();
        await room.PublishAsync(1);
        await room.PublishAsync(1, lost: true);
        room.History.AfterRead = static () => throw new HistoryUnavailableException();
        await room.PublishAsync(1);
        Assert.Contains(room.Host.Logs.GetSnapshot(), static record => record.Id.Id == 203);
        room.History.AfterRead = null;

        await room.PublishAsync(1);

        Assert.Equal(Texts(1, 4), await client.ReceiveAsync(4));
    }

    [Fact]
    public async Task A_member_that_joins_while_the_history_is_down_catches_up_later()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(3);
        room.History.Down = true;

        var client = await room.JoinAsync();
        Assert.Empty(client.Texts);
        room.Check();
        Assert.Empty(client.Texts);
        room.History.Down = false;
        await room.PublishAsync(1);
        room.Check();

        await client.ReceiveAsync(4);
        await room.PublishAsync(1);
        Assert.Equal(Texts(1, 5), await client.ReceiveAsync(5));
    }

    [Fact]
    public async Task A_member_that_joins_under_heavy_traffic_has_no_gaps()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(10);
        await room.JoinAsync("early");
        room.ForgetTail();
        var first = true;
        room.History.AfterRead = async () =>
        {
            // More than the room keeps at hand comes between the reading of the page and its arrival.
            if (first)
            {
                first = false;
                await room.PublishAsync(1000, size: 2048);
            }
        };

        var client = await room.JoinAsync();
        await room.PublishAsync(1, size: 2048);

        Assert.Equal(Texts(911, 1011, 2048), await client.ReceiveAsync(101));
        Assert.False(client.Closed.IsCompleted);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public async Task A_member_gets_no_ephemeral_message_that_was_sent_before_it_joined(int replay)
    {
        await using var room = new RoomFixture();
        using var release = new ManualResetEventSlim();
        var early = await room.JoinAsync("early", replay: 0);
        early.BeforeEnqueue = () => release.Wait(Patience.Limit);
        await room.PublishEphemeralAsync("being delivered");
        await room.PublishEphemeralAsync("waits");

        var client = await room.JoinAsync(replay: replay);
        release.Set();
        await room.PublishEphemeralAsync("after");
        await early.ReceiveAsync(3);

        Assert.Equal(["after"], await client.ReceiveAsync(1));
    }

    [Fact]
    public async Task A_failing_history_does_not_stop_live_members()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync("live");
        room.History.Down = true;
        await room.JoinAsync("stalled");

        await room.PublishEphemeralAsync("still there");

        Assert.Equal(["still there"], await client.ReceiveAsync(1));
    }
}

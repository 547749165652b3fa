using ChatKit.Tests.Fixtures;
using static ChatKit.Tests.Rooms.RoomFixture;

namespace ChatKit.Tests.Rooms;

public class SlowMemberTests
{
    [Fact]
    public async Task A_slow_member_catches_up_from_history()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync();
        await room.PublishAsync(1);
        await client.ReceiveAsync(1);

        client.Accept(0);
        await room.PublishAsync(50);
        await Patience.UntilAsync(() => room.Host.Logs.GetSnapshot().Any(static record => record.Id.Id == 200), "the client is behind");
        client.Accept();
        await client.ReceiveAsync(51);
        await room.PublishAsync(5);

        Assert.Equal(Texts(1, 56), await client.ReceiveAsync(56));
    }

    [Fact]
    public async Task A_slow_member_catches_up_again_and_again()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync();
        for (var i = 0; i < 40; i++)
        {
            client.Accept(i % 3);
            await room.PublishAsync(20);
            client.Accept();
            await client.ReceiveAsync((i + 1) * 20);
        }

        Assert.Equal(Texts(1, 800), client.Texts);
    }

    [Fact]
    public async Task A_member_that_falls_behind_right_after_its_replay_gets_no_duplicates()
    {
        await using var room = new RoomFixture(static options => options.HistoryCapacity = 10);
        await room.PublishAsync(50);
        var client = await room.JoinAsync(replay: 10);
        Assert.Equal(Texts(41, 50), client.Texts);

        client.Accept(0);
        await room.PublishAsync(2);
        await Patience.UntilAsync(() => room.Host.Logs.GetSnapshot().Any(static record => record.Id.Id == 200), "the client is behind");
        client.Accept();

        Assert.Equal(Texts(41, 52), await client.ReceiveAsync(12));
        Assert.False(client.Closed.IsCompleted);
    }

    [Fact]
    public async Task Later_frames_do_not_overtake_a_frame_that_the_full_queue_rejected()
    {
        const int Size = 4 * 1024, Count = 40;
        await using var room = new RoomFixture();
        using var release = new ManualResetEventSlim();
        var gate = await room.JoinAsync("gate");
        var client = await room.JoinAsync("slow");

        // While the first turn is held up, more gathers than goes out in one piece.
        gate.BeforeEnqueue = () => release.Wait(Patience.Limit);
        await room.PublishAsync(Count, size: Size);
        client.Accept(2);
        var offered = 0;
        client.BeforeEnqueue = () =>
        {
            // Refuses the second turn's first piece, and has space at once.
            if (Interlocked.Increment(ref offered) == 3)
                client.Accept(0);
            else if (offered > 3)
                client.Accept();
        };
        release.Set();
        await gate.ReceiveAsync(Count);
        client.Accept();

        Assert.Equal(Texts(1, Count, Size), await client.ReceiveAsync(Count));
    }

    [Fact]
    public async Task A_slow_member_that_misses_more_than_is_stored_is_closed()
    {
        await using var room = new RoomFixture(static options => options.HistoryCapacity = 10);
        var client = await room.JoinAsync(replay: 10);
        client.Accept(0);
        await room.PublishAsync(1);
        await Patience.UntilAsync(() => room.Host.Logs.GetSnapshot().Any(static record => record.Id.Id == 200), "the client is behind");
        await room.PublishAsync(49);

        client.Accept();

        Assert.Equal("too slow: 40 messages are no longer stored", await client.Closed.Soon());
        Assert.Empty(client.Texts);
    }

    [Fact]
    public async Task A_slow_member_without_replay_is_closed()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync(replay: 0);
        client.Accept(0);

        await room.PublishEphemeralAsync("too much");

        Assert.Equal("too slow: the outbound queue is full", await client.Closed.Soon());
    }

    [Fact]
    public async Task A_slow_member_with_replay_misses_only_ephemeral_messages()
    {
        await using var room = new RoomFixture();
        var client = await room.JoinAsync();
        var other = await room.JoinAsync("other");
        client.Accept(0);
        await room.PublishEphemeralAsync("missed");
        await other.ReceiveAsync(1);
        client.Accept();

        await room.PublishAsync(2);

        Assert.Equal(Texts(1, 2), await client.ReceiveAsync(2));
        Assert.False(client.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_slow_member_does_not_delay_other_members()
    {
        await using var room = new RoomFixture();
        var slow = await room.JoinAsync("slow");
        var fast = await room.JoinAsync("fast");
        slow.Accept(0);

        for (var i = 1; i <= 50; i++)
        {
            await room.PublishAsync(1);
            await fast.ReceiveAsync(i);
        }

        Assert.Equal(Texts(1, 50), fast.Texts);
        Assert.Empty(slow.Texts);
        slow.Accept();
        Assert.Equal(Texts(1, 50), await slow.ReceiveAsync(50));
    }

    [Fact]
    public async Task A_slow_member_that_has_left_gets_nothing_more()
    {
        await using var room = new RoomFixture();
        var client = new FakeRoomClient();
        var stays = await room.JoinAsync("stays");
        var membership = await room.JoinAsync(client);
        client.Accept(0);
        await room.PublishAsync(5);
        await stays.ReceiveAsync(5);
        await Patience.UntilAsync(() => room.Host.Logs.GetSnapshot().Any(static record => record.Id.Id == 200), "the client is behind");

        // Comes back before it has caught up: it begins anew, and the old catching up is over.
        membership.Leave();
        var again = room.Rooms.Enter(Name, client, 100);
        var starting = again.StartAsync().AsTask();
        client.Accept();
        await starting.Soon();
        await room.PublishAsync(1);
        await client.ReceiveAsync(6);
        await room.PublishAsync(1);

        Assert.Equal(Texts(1, 7), await client.ReceiveAsync(7));
        again.Leave();
        await room.PublishAsync(1);
        await stays.ReceiveAsync(8);
        Assert.Equal(Texts(1, 7), client.Texts);
    }

    [Fact]
    public async Task A_client_that_joins_an_idle_room_gets_a_history_larger_than_its_queue()
    {
        const int Size = 2_000;
        await using var host = new ChatHost();
        for (var i = 0; i < 100; i++)
            await host.Broadcaster.BroadcastAsync("lobby", $"{i}".PadLeft(Size));

        var connection = host.Connect(options: new() { OutboundQueueLimit = 10 * Size }, buffer: Size);

        for (var i = 0; i < 100; i++)
            Assert.Equal($"{i}".PadLeft(Size), await connection.Client.ReceiveTextAsync());
    }
}

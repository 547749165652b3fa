using ChatKit.ChatKitV1;
using ChatKit.Rooms;
using ChatKit.Tests.Fixtures;
using static ChatKit.Tests.Rooms.RoomFixture;

namespace ChatKit.Tests.Rooms;

/// <summary>More comes than the room can give its members: the memory that it takes is bounded, and nothing is lost, doubled or swapped.</summary>
public class BacklogTests
{
    private const int Overloaded = 240;
    private const int Large = 100 * 1024;
    private const int Megabyte = 1024 * 1024;

    [Fact]
    public async Task A_publisher_waits_once_a_megabyte_is_queued_for_delivery()
    {
        await using var room = new RoomFixture();
        using var turn = new Turn();
        var client = await JoinAsync(room, turn);

        var publishing = PublishAsync(room, 30);
        await Patience.UntilAsync(() => turn.IsHeld, "the room is delivering");
        await Patience.UntilAsync(async () => await StoredAsync(room) >= Megabyte / Large, "a megabyte is stored");
        for (var i = 0; i < 20; i++)
            await Task.Yield();
        Assert.False(publishing.IsCompleted);

        // A megabyte in the turn and one that waits for the next, each with the message that made it one.
        Assert.InRange(await StoredAsync(room), Megabyte / Large, 2 * ((Megabyte / Large) + 1));

        turn.Release();
        await publishing.Soon();
        Assert.Equal(Texts(1, 30, Large), await client.ReceiveAsync(30));
    }

    [Fact]
    public async Task A_small_backlog_does_not_delay_publishers()
    {
        await using var room = new RoomFixture();
        using var turn = new Turn();
        var client = await JoinAsync(room, turn);

        await PublishAsync(room, 5).Soon();
        turn.Release();

        Assert.Equal(Texts(1, 5, Large), await client.ReceiveAsync(5));
    }

    [Fact]
    public async Task A_backlog_does_not_delay_publishers_to_other_rooms()
    {
        await using var room = new RoomFixture();
        using var turn = new Turn();
        await JoinAsync(room, turn);
        var other = new FakeRoomClient("other");
        await room.Rooms.Enter("another", other, 100).StartAsync();
        var publishing = PublishAsync(room, 30);
        await Patience.UntilAsync(() => turn.IsHeld, "the room is delivering");

        await room.Host.Broadcaster.BroadcastAsync("another", "hi", TestContext.Current.CancellationToken).AsTask().Soon();

        Assert.Equal(["hi"], await other.ReceiveAsync(1));
        turn.Release();
        await publishing.Soon();
    }

    [Fact]
    public async Task A_publisher_that_cancels_the_wait_has_published_the_message()
    {
        await using var room = new RoomFixture();
        using var turn = new Turn();
        using var patience = new CancellationTokenSource();
        var client = await JoinAsync(room, turn);
        await PublishAsync(room, 1);
        await Patience.UntilAsync(() => turn.IsHeld, "the room is delivering");

        var publishing = room.Host.Broadcaster.BroadcastAsync(Name, new string('x', 2 * Megabyte), patience.Token).AsTask();
        Assert.False(publishing.IsCompleted);
        await patience.CancelAsync();
        await publishing.Soon();

        turn.Release();
        Assert.Equal(2 * Megabyte, (await client.ReceiveAsync(2))[1].Length);
    }

    [Fact]
    public async Task Messages_of_other_nodes_beyond_the_limit_are_read_from_history()
    {
        const int Count = 100;
        await using var room = new RoomFixture(static options => options.HistoryCapacity = Count);
        using var turn = new Turn();
        var client = await JoinAsync(room, turn);

        // Straight to the backplane, as from another node: nobody there waits for this room.
        await room.PublishAsync(Count - 1, size: Megabyte);
        Assert.Single(room.Host.Logs.GetSnapshot(), static line => line.Id.Id == Overloaded);
        await room.PublishEphemeralAsync("lost");
        turn.Release();

        Assert.Equal(Texts(1, Count - 1, Megabyte), await client.ReceiveAsync(Count - 1));
        await room.PublishAsync(1, size: Megabyte);
        Assert.Equal(Texts(1, Count, Megabyte), await client.ReceiveAsync(Count));
        Assert.Single(room.Host.Logs.GetSnapshot(), static line => line.Id.Id == Overloaded);
    }

    [Fact]
    public async Task Messages_that_history_no_longer_has_are_announced_as_a_gap()
    {
        await using var room = new RoomFixture(static options => options.HistoryCapacity = 10);
        using var turn = new Turn();
        var client = new FakeRoomClient { Format = WireFormat.V1, BeforeEnqueue = turn.Hold };
        await room.JoinAsync(client);
        turn.Begin();

        await room.PublishAsync(100, size: Megabyte);
        turn.Release();

        await Patience.UntilAsync(() => client.Texts.Length > 0 && client.Texts[^1].Contains(":100\"", StringComparison.Ordinal), "the last message has arrived");
        var positions = client.Texts.Where(static text => text.Contains("\"type\":\"message\"", StringComparison.Ordinal)).Select(SequenceOf).ToArray();
        var gap = Assert.Single(client.Texts, static text => text.Contains("\"type\":\"gap\"", StringComparison.Ordinal));
        var before = positions.Length - 10;
        Assert.Equal([.. Enumerable.Range(1, before), .. Enumerable.Range(91, 10)], positions);
        Assert.Contains($"\"missed\":{90 - before}", gap, StringComparison.Ordinal);
    }

    private static int SequenceOf(string frame)
    {
        var start = frame.IndexOf(':', frame.IndexOf("\"position\":\"", StringComparison.Ordinal) + "\"position\":\"".Length) + 1;
        return int.Parse(frame[start..frame.IndexOf('"', start)]);
    }

    private static async Task<FakeRoomClient> JoinAsync(RoomFixture room, Turn turn)
    {
        var client = new FakeRoomClient { BeforeEnqueue = turn.Hold };
        await room.JoinAsync(client);
        turn.Begin();
        return client;
    }

    private static async Task PublishAsync(RoomFixture room, int count)
    {
        foreach (var text in Texts(1, count, Large))
            await room.Host.Broadcaster.BroadcastAsync(Name, text, TestContext.Current.CancellationToken);
    }

    private static async Task<int> StoredAsync(RoomFixture room) =>
        (await room.Host.History.ReadAsync(Name, null, TestContext.Current.CancellationToken)).Messages.Count;

    /// <summary>Holds the room in the middle of a turn.</summary>
    private sealed class Turn : IDisposable
    {
        private readonly ManualResetEventSlim _free = new(true);

        public bool IsHeld { get; private set; }

        public void Begin() => _free.Reset();

        public void Hold()
        {
            if (_free.IsSet)
                return;
            IsHeld = true;
            _free.Wait(Patience.Limit);
        }

        public void Release() => _free.Set();

        public void Dispose() => _free.Set();
    }
}

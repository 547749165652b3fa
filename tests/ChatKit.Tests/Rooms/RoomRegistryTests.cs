using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Rooms;

public class RoomRegistryTests
{
    [Fact]
    public async Task A_room_is_removed_when_its_last_member_leaves()
    {
        await using var room = new RoomFixture();
        var first = await room.JoinAsync(new FakeRoomClient("first"));
        var second = await room.JoinAsync(new FakeRoomClient("second"));
        Assert.Equal((1, 1), (room.Rooms.Count, room.Backplane.Subscriptions));

        first.Leave();
        Assert.Equal((1, 1), (room.Rooms.Count, room.Backplane.Subscriptions));
        second.Leave();
        Assert.Equal((0, 0), (room.Rooms.Count, room.Backplane.Subscriptions));
        second.Leave();
        Assert.Equal((0, 0), (room.Rooms.Count, room.Backplane.Subscriptions));
    }

    [Fact]
    public async Task A_thousand_rooms_are_entered_and_left_without_a_leak()
    {
        await using var room = new RoomFixture();
        await Parallel.ForAsync(0, 1000, async (i, _) =>
        {
            var membership = room.Rooms.Enter($"room {i}", new FakeRoomClient(), 100);
            await membership.StartAsync(CancellationToken.None);
            membership.Leave();
        });

        Assert.Equal((0, 0), (room.Rooms.Count, room.Backplane.Subscriptions));
    }

    [Fact]
    public async Task All_rooms_are_checked_but_only_64_at_a_time()
    {
        const int Count = 200;
        await using var room = new RoomFixture();
        for (var i = 0; i < Count; i++)
            await room.Rooms.Enter($"room {i}", new FakeRoomClient($"{i}"), 100).StartAsync();
        var free = new TaskCompletionSource();
        var (asked, before) = (0, room.History.Reads);
        room.History.AfterRead = () =>
        {
            Interlocked.Increment(ref asked);
            return free.Task;
        };

        room.Check();
        Assert.Equal(64, asked);

        // A round that takes longer than the interval is not joined by another.
        room.Check();
        Assert.Equal(64, asked);
        free.SetResult();

        await Patience.UntilAsync(() => Volatile.Read(ref asked) == Count, "all are checked");
        Assert.Equal(Count, room.History.Reads - before);
        await Patience.UntilAsync(
            () =>
            {
                room.Check();
                return Volatile.Read(ref asked) >= 2 * Count;
            },
            "the next round starts");
    }

    [Fact]
    public async Task Members_that_join_and_leave_concurrently_leave_no_room_and_no_subscription_behind()
    {
        await using var room = new RoomFixture();
        await Parallel.ForAsync(0, 2000, async (_, stop) =>
        {
            var membership = room.Rooms.Enter(RoomFixture.Name, new FakeRoomClient(), 100);

            // Whoever leaves while still starting is the hard case.
            await Task.WhenAll(membership.StartAsync(CancellationToken.None).AsTask(), Task.Run(membership.Leave, stop));
        });

        await Patience.UntilAsync(() => (room.Rooms.Count, room.Backplane.Subscriptions) == (0, 0), "no room and no subscription is left");
    }

    [Fact]
    public async Task A_member_that_leaves_before_it_starts_does_not_subscribe()
    {
        await using var room = new RoomFixture();
        var membership = room.Rooms.Enter(RoomFixture.Name, new FakeRoomClient(), 100);
        membership.Leave();

        await membership.StartAsync();

        Assert.Equal((0, 0), (room.Rooms.Count, room.Backplane.Subscriptions));
    }

    [Fact]
    public async Task A_failed_subscription_is_retried_by_the_next_member()
    {
        await using var room = new RoomFixture();
        room.Backplane.Down = true;
        var first = room.Rooms.Enter(RoomFixture.Name, new FakeRoomClient("first"), 100);
        await Assert.ThrowsAsync<IOException>(() => first.StartAsync().AsTask());
        room.Backplane.Down = false;

        var second = await room.JoinAsync("second");
        await room.PublishAsync(1);

        Assert.Equal(["1"], await second.ReceiveAsync(1));
    }
}

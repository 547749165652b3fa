using ChatKit.ChatKitV1;
using ChatKit.Rooms;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.Logging;
using static ChatKit.Tests.Rooms.RoomFixture;

namespace ChatKit.Tests.Rooms;

/// <summary>What many need of one room at once is read once.</summary>
public class JoinStormTests
{
    private const int Many = 200;

    [Fact]
    public async Task Clients_that_join_at_the_same_time_share_one_read_and_each_gets_everything()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(100);
        var clients = Enumerable.Range(0, Many).Select(static i => new FakeRoomClient($"{i}")).ToList();

        await Task.WhenAll(clients.Select(client => Task.Run(() => room.JoinAsync(client)))).Soon();
        await room.PublishAsync(1);

        foreach (var client in clients)
            Assert.Equal(Texts(1, 101), await client.ReceiveAsync(101));
        Assert.InRange(room.History.Reads, 1, 3);
    }

    [Fact]
    public async Task A_later_client_gets_messages_sent_in_between_but_no_more_than_the_capacity_without_a_read()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(100);
        await room.JoinAsync("first");
        var reads = room.History.Reads;
        await room.PublishAsync(30);

        var late = await room.JoinAsync("late");

        Assert.Equal(Texts(31, 130), await late.ReceiveAsync(100));
        Assert.Equal(reads, room.History.Reads);
    }

    [Fact]
    public async Task Clients_that_resume_at_the_same_time_share_a_few_reads_and_each_gets_what_it_missed()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(100);
        var top = (await room.History.Object.ReadAsync(Name, null, default)).Top;
        var before = room.History.Reads;

        var resumed = await Task.WhenAll(Enumerable.Range(0, Many).Select(i => Task.Run(async () =>
        {
            var client = new FakeRoomClient($"{i}") { Format = WireFormat.V1 };
            var membership = room.Rooms.Enter(Name, client, 100, top with { Sequence = 80 + (i % 20) });
            await membership.StartAsync();
            return (Missed: 20 - (i % 20), Client: client);
        }))).Soon();

        foreach (var (missed, client) in resumed)
            Assert.Equal(missed + 1, (await client.ReceiveAsync(missed + 1)).Length);
        Assert.InRange(room.History.Reads - before, 1, 10);
    }

    [Fact]
    public async Task Only_a_few_pages_are_read_at_a_time_across_all_rooms()
    {
        const int Rooms = 20;
        await using var room = new RoomFixture();
        var (reading, most) = (0, 0);
        room.History.AfterRead = async () =>
        {
            var now = Interlocked.Increment(ref reading);
            InterlockedMax(ref most, now);
            await Task.Yield();
            Interlocked.Decrement(ref reading);
        };

        await Task.WhenAll(Enumerable.Range(0, Rooms * 10).Select(i => Task.Run(async () =>
            await room.Rooms.Enter($"room {i % Rooms}", new FakeRoomClient($"{i}"), 100).StartAsync()))).Soon();

        Assert.InRange(most, 1, 4);
        Assert.InRange(room.History.Reads, Rooms, Rooms * 3);
    }

    [Fact]
    public async Task No_page_is_read_for_clients_that_have_left()
    {
        await using var room = new RoomFixture();
        var free = new TaskCompletionSource();
        room.History.AfterRead = () => free.Task;
        var busy = Enumerable.Range(0, 4).Select(i => room.Rooms.Enter($"busy {i}", new FakeRoomClient($"{i}"), 100).StartAsync().AsTask()).ToList();
        await Patience.UntilAsync(() => room.History.Reads == 4, "four reads are in progress");
        var gone = Enumerable.Range(0, 50).Select(i => room.Rooms.Enter("left", new FakeRoomClient($"left {i}"), 100)).ToList();
        var starting = gone.Select(static membership => membership.StartAsync().AsTask()).ToList();
        gone.ForEach(static membership => membership.Leave());

        free.SetResult();
        await Task.WhenAll([.. busy, .. starting]).Soon();

        Assert.Equal(4, room.History.Reads);
    }

    [Fact]
    public async Task The_tail_is_dropped_when_it_has_not_been_used_for_a_while()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(100);
        await room.JoinAsync("first");
        var reads = room.History.Reads;

        room.ForgetTail();
        var late = await room.JoinAsync("late");

        Assert.Equal(100, (await late.ReceiveAsync(100)).Length);
        Assert.True(room.History.Reads > reads);
    }

    [Fact]
    public async Task A_slow_client_does_not_delay_others_that_join_and_still_gets_everything()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(100);
        var slow = Enumerable.Range(0, 10).Select(static i => new FakeRoomClient($"slow {i}")).ToList();
        slow.ForEach(static client => client.Accept(30));
        var joining = slow.Select(client => room.Rooms.Enter(Name, client, 100).StartAsync().AsTask()).ToList();

        var others = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => room.JoinAsync($"{i}"))).Soon();

        Assert.All(others, static client => Assert.Equal(Texts(1, 100), client.Texts));
        Assert.All(joining, static one => Assert.False(one.IsCompleted));
        slow.ForEach(static client => client.Accept());
        await Task.WhenAll(joining).Soon();
        Assert.All(slow, static client => Assert.Equal(Texts(1, 100), client.Texts));
    }

    [Fact]
    public async Task A_failed_read_is_not_repeated_for_waiting_clients_until_the_next_check()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(100);
        var free = new TaskCompletionSource();
        room.History.AfterRead = () => free.Task;
        var clients = Enumerable.Range(0, 50).Select(static i => new FakeRoomClient($"{i}")).ToList();
        var joining = clients.Select(client => room.Rooms.Enter(Name, client, 100).StartAsync().AsTask()).ToList();

        free.SetException(new HistoryUnavailableException());
        await Task.WhenAll(joining).Soon();
        Assert.Equal(1, room.History.Reads);

        room.History.AfterRead = null;
        room.Check();
        foreach (var client in clients)
            Assert.Equal(Texts(1, 100), await client.ReceiveAsync(100));
        Assert.InRange(room.History.Reads, 2, 3);
    }

    [Fact]
    public async Task A_join_canceled_while_its_history_is_read_does_not_affect_the_members_that_wait()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(100);
        var free = new TaskCompletionSource();
        room.History.AfterRead = () => free.Task;
        using var cancel = new CancellationTokenSource();
        var canceled = room.Rooms.Enter(Name, new FakeRoomClient("canceled"), 100);
        var joining = canceled.StartAsync(cancel.Token).AsTask();
        var clients = Enumerable.Range(0, 10).Select(static i => new FakeRoomClient($"{i}")).ToList();
        var others = clients.Select(client => room.Rooms.Enter(Name, client, 100).StartAsync().AsTask()).ToList();
        using var waits = new CancellationTokenSource();
        var waiting = room.Rooms.Enter(Name, new FakeRoomClient("waiting"), 100);
        var queuing = waiting.StartAsync(waits.Token).AsTask();

        await waits.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(queuing.Soon);
        waiting.Leave();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(joining.Soon);
        canceled.Leave();
        free.SetResult();
        await Task.WhenAll(others).Soon();

        Assert.All(clients, static client => Assert.Equal(Texts(1, 100), client.Texts));
        Assert.DoesNotContain(room.Host.Logs.GetSnapshot(), static line => line.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task A_join_canceled_while_subscribing_leaves_the_subscription_to_other_members()
    {
        await using var room = new RoomFixture();
        var free = new TaskCompletionSource();
        room.Backplane.Subscribable = free.Task;
        using var cancel = new CancellationTokenSource();
        var canceled = room.Rooms.Enter(Name, new FakeRoomClient("canceled"), 100);
        var joining = canceled.StartAsync(cancel.Token).AsTask();
        var other = new FakeRoomClient("other");
        var others = room.Rooms.Enter(Name, other, 100).StartAsync().AsTask();

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(joining.Soon);
        canceled.Leave();
        Assert.False(others.IsCompleted);
        free.SetResult();
        await others.Soon();
        await room.PublishAsync(1);

        Assert.Equal(["1"], await other.ReceiveAsync(1));
        Assert.Equal(1, room.Backplane.Subscriptions);
    }

    [Fact]
    public void The_tail_keeps_no_more_than_a_new_member_receives_unless_a_member_is_catching_up()
    {
        var (awaited, usual) = (new RoomTail(), new RoomTail());
        MessagePosition? before = null;
        for (var i = 1; i <= 1000; i++)
        {
            var position = new MessagePosition("e", i);
            var item = new RoomItem(Outgoing.Text("hi", default).WithPosition(position));
            awaited.Add(item, before, 0, 150, isAwaited: true);
            usual.Add(item, before, 0, 150, isAwaited: false);
            before = position;
        }

        Assert.Equal(1000, awaited.Messages.Count());
        Assert.Equal(150, usual.Messages.Count());
    }

    [Fact]
    public async Task A_message_that_arrives_after_the_last_member_has_left_is_ignored()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(10);
        var membership = await room.JoinAsync(new FakeRoomClient("1"));
        membership.Leave();

        membership.Room.OnMessage(Outgoing.Text("late", default).WithPosition((await room.History.Object.ReadAsync(Name)).Top with { Sequence = 11 }));
    }

    /// <summary>A page can be read before the store loses the stream, or before the room has accepted the messages before it.</summary>
    [Theory]
    [InlineData(":0")]
    [InlineData("e:350")]
    public void The_tail_keeps_no_page_that_begins_after_what_the_room_has_accepted(string accepted)
    {
        var (tail, position) = (new RoomTail(), MessagePosition.Parse(accepted));
        var messages = Enumerable.Range(401, 100).Select(static i => Outgoing.Text("hi", default).WithPosition(new MessagePosition("e", i)));

        var page = RoomPage.Of(new HistoryPage([.. messages], new MessagePosition("e", 500), 0, Restarted: false));
        tail.Prepend(page, position, revision: 0, isWhole: true, changesFrom: 0);

        Assert.Null(tail.TryRead(position, position, revision: 0, replay: 100, capacity: 100));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int known;
        while ((known = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, known) != known)
        {
        }
    }
}

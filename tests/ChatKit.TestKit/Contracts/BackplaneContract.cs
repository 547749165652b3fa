using System.Net.WebSockets;
using System.Text;
using Xunit;

namespace ChatKit.TestKit.Contracts;

/// <summary>The contract of every backplane. A subclass creates the nodes that it connects, all with one history.</summary>
public abstract class BackplaneContract
{
    private readonly string _room = $"room {Guid.NewGuid():n}";

    /// <summary>Two nodes and the history that they share. For a backplane with a single node, both are the same.</summary>
    protected abstract Task<(IBackplane One, IBackplane Other, IMessageHistory History)> CreateAsync();

    /// <summary>Two nodes whose store is unavailable when a message is published.</summary>
    protected abstract Task<(IBackplane One, IBackplane Other)> CreateFailingAsync();

    [Fact]
    public async Task A_stored_message_gets_a_position_and_reaches_every_subscriber()
    {
        var (one, other, history) = await CreateAsync();
        var subscribers = new[] { new RecordingSubscriber(), new RecordingSubscriber(), new RecordingSubscriber() };
        await using var first = await one.SubscribeAsync(_room, subscribers[0]);
        await using var second = await one.SubscribeAsync(_room, subscribers[1]);
        await using var third = await other.SubscribeAsync(_room, subscribers[2]);

        var position = await one.PublishAsync(_room, Message("hi", "ann"));

        Assert.Equal(1, position?.Sequence);
        Assert.Equal(position, Assert.Single((await history.ReadAsync(_room)).Messages).Position);
        foreach (var subscriber in subscribers)
        {
            var message = Assert.Single(await subscriber.ReceiveAsync(1));
            Assert.Equal((position, "hi", "ann", "c", Audience.Others), (message.Position, message.Text, message.From, message.ConnectionId, message.Audience));
        }
    }

    [Fact]
    public async Task A_change_reaches_every_subscriber_after_the_message_and_in_the_order_of_the_revisions()
    {
        const int Editors = 4, Each = 25;
        var (one, other, history) = await CreateAsync();
        var (near, far) = (new RecordingSubscriber(), new RecordingSubscriber());
        await using var first = await one.SubscribeAsync(_room, near);
        await using var second = await other.SubscribeAsync(_room, far);
        var position = (await one.PublishAsync(_room, Message("before", "ann"))).GetValueOrDefault();
        var change = new MessageChange { Position = position, Data = "after"u8.ToArray(), At = DateTimeOffset.UnixEpoch, By = "bob" };

        await Task.WhenAll(Enumerable.Range(0, Editors).Select(e => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
                await (e % 2 == 0 ? one : other).ChangeAsync(_room, change);
        }))).Soon();
        Assert.Equal(ChangeOutcome.Changed, (await other.ChangeAsync(_room, change with { IsDeletion = true, Data = default, By = null })).Outcome);
        Assert.Equal(ChangeOutcome.Gone, (await one.ChangeAsync(_room, change)).Outcome);
        await one.PublishAsync(_room, Message("last"));

        foreach (var subscriber in new[] { near, far })
        {
            var messages = await subscriber.ReceiveAsync((Editors * Each) + 3);
            Assert.Equal((long?[])[null, .. Enumerable.Range(1, (Editors * Each) + 1).Select(static i => (long?)i), null], messages.Select(static m => m.Revision));
            Assert.Equal((position, "after", "ann", "bob"), (messages[1].Position, messages[1].Text, messages[1].From, messages[1].ChangedBy));
            Assert.Equal((position, "", true), (messages[^2].Position, messages[^2].Text, messages[^2].IsDeleted));
        }

        Assert.Equal((Editors * Each) + 1, (await history.ReadAsync(_room)).Revision);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    public async Task Json_arrives_as_json(int? capacity)
    {
        var (one, other, _) = await CreateAsync();
        var (near, far) = (new RecordingSubscriber(), new RecordingSubscriber());
        await using var first = await one.SubscribeAsync(_room, near);
        await using var second = await other.SubscribeAsync(_room, far);

        var json = new ChatMessage(WebSocketMessageType.Text, "[1]"u8.ToArray(), DateTimeOffset.UnixEpoch) { IsJson = true };
        await one.PublishAsync(_room, json, capacity);
        await one.PublishAsync(_room, Message("[1]"), capacity);

        foreach (var subscriber in new[] { near, far })
            Assert.Equal([true, false], (await subscriber.ReceiveAsync(2)).Select(static message => message.IsJson));
    }

    [Fact]
    public async Task An_ephemeral_message_has_no_position_and_is_not_stored()
    {
        var (one, other, history) = await CreateAsync();
        var (near, far) = (new RecordingSubscriber(), new RecordingSubscriber());
        await using var first = await one.SubscribeAsync(_room, near);
        await using var second = await other.SubscribeAsync(_room, far);

        Assert.Null(await one.PublishAsync(_room, Message("hi"), capacity: 0));

        Assert.Null(Assert.Single(await near.ReceiveAsync(1)).Position);
        Assert.Null(Assert.Single(await far.ReceiveAsync(1)).Position);
        Assert.Equal(MessagePosition.None, (await history.ReadAsync(_room)).Top);
    }

    [Fact]
    public async Task Stored_messages_of_all_publishers_are_delivered_one_at_a_time_in_the_order_of_their_positions()
    {
        const int Publishers = 8, Each = 50;
        var (one, other, _) = await CreateAsync();
        var (near, far) = (new RecordingSubscriber(), new RecordingSubscriber());
        await using var first = await one.SubscribeAsync(_room, near);
        await using var second = await other.SubscribeAsync(_room, far);

        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(p => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                await (p % 2 == 0 ? one : other).PublishAsync(_room, Message($"{p}:{i}"));
                await (p % 2 == 0 ? one : other).PublishAsync(_room, Message("ephemeral"), capacity: 0);
            }
        }))).Soon();

        foreach (var subscriber in new[] { near, far })
        {
            var messages = await subscriber.ReceiveAsync(Publishers * Each * 2);
            Assert.Equal(
                Enumerable.Range(1, Publishers * Each).Select(static i => (long)i),
                messages.Where(static m => m.Position.HasValue).Select(static m => m.Position!.Value.Sequence));
            Assert.False(subscriber.Overlapped);
        }
    }

    [Fact]
    public async Task Messages_of_one_publisher_arrive_in_order_stored_or_not()
    {
        var (one, other, _) = await CreateAsync();
        var far = new RecordingSubscriber();
        await using var subscription = await other.SubscribeAsync(_room, far);

        for (var i = 0; i < 50; i++)
            await one.PublishAsync(_room, Message($"{i}"), capacity: i % 3 == 0 ? 0 : null);

        await far.ReceiveAsync(50);
        Assert.Equal(Enumerable.Range(0, 50).Select(static i => $"{i}"), far.Texts);
    }

    [Fact]
    public async Task An_announcement_reaches_every_subscriber_among_the_messages_and_is_not_stored()
    {
        var (one, other, history) = await CreateAsync();
        var (near, far) = (new RecordingSubscriber(), new RecordingSubscriber());
        await using var first = await one.SubscribeAsync(_room, near);
        await using var second = await other.SubscribeAsync(_room, far);
        byte[] announcement = [0, 10, 255, 33];

        await one.PublishAsync(_room, Message("before"), capacity: 0);
        await one.AnnounceAsync(_room, announcement);
        await one.PublishAsync(_room, Message("after"), capacity: 0);

        foreach (var subscriber in new[] { near, far })
        {
            var came = await subscriber.ReceiveAsync(3);
            Assert.Equal(["before", "after"], new[] { came[0].Text, came[2].Text });
            Assert.Equal(announcement, came[1].Data.ToArray());
        }

        Assert.Equal(MessagePosition.None, (await history.ReadAsync(_room)).Top);
    }

    [Fact]
    public async Task The_number_of_nodes_that_an_announcement_is_sent_to_is_right_if_it_is_known()
    {
        var (one, other, _) = await CreateAsync();
        var (near, far) = (new RecordingSubscriber(), new RecordingSubscriber());
        Assert.True(await one.AnnounceToAsync(_room, new byte[] { 1 }) is null or 0, "nobody has subscribed");
        await using var first = await one.SubscribeAsync(_room, near);
        Assert.True(await other.AnnounceToAsync(_room, new byte[] { 2 }) is null or 1, "one node has subscribed");
        await using var second = await other.SubscribeAsync(_room, far);

        var count = await one.AnnounceToAsync(_room, new byte[] { 3 });
        Assert.True(count is null || count == (one == other ? 1 : 2), "all have subscribed");

        Assert.Equal([2, 3], (await near.ReceiveAsync(2)).Select(static announcement => (int)announcement.Data.Span[0]));
        Assert.Equal(3, Assert.Single(await far.ReceiveAsync(1)).Data.Span[0]);
    }

    [Fact]
    public async Task The_backplane_passes_the_capacity_to_the_history()
    {
        var (one, _, history) = await CreateAsync();
        for (var i = 1; i <= 5; i++)
            await one.PublishAsync(_room, Message($"{i}"), capacity: 3);
        await one.PublishAsync(_room, Message("6"));

        Assert.Equal(["4", "5", "6"], (await history.ReadAsync(_room)).Messages.Select(static m => m.Text));
    }

    [Fact]
    public async Task A_subscriber_receives_nothing_after_unsubscribing()
    {
        var (one, other, _) = await CreateAsync();
        var (stays, leaves) = (new RecordingSubscriber(), new RecordingSubscriber());
        await using var staying = await one.SubscribeAsync(_room, stays);
        var leaving = await other.SubscribeAsync(_room, leaves);
        await one.PublishAsync(_room, Message("1"));
        await leaves.ReceiveAsync(1);

        await leaving.DisposeAsync();
        await one.PublishAsync(_room, Message("2"));
        await one.PublishAsync(_room, Message("3"), capacity: 0);

        await stays.ReceiveAsync(3);
        Assert.Equal(["1"], leaves.Texts);
    }

    [Fact]
    public async Task A_subscriber_receives_again_after_subscribing_again()
    {
        var (one, _, _) = await CreateAsync();
        var subscriber = new RecordingSubscriber();
        for (var i = 1; i <= 3; i++)
        {
            await using var subscription = await one.SubscribeAsync(_room, subscriber);
            await one.PublishAsync(_room, Message($"{i}"));
            await subscriber.ReceiveAsync(i);
        }

        Assert.Equal(["1", "2", "3"], subscriber.Texts);
    }

    [Fact]
    public async Task Rooms_do_not_share_messages()
    {
        var (one, _, _) = await CreateAsync();
        var (here, there) = (new RecordingSubscriber(), new RecordingSubscriber());
        await using var first = await one.SubscribeAsync(_room, here);
        await using var second = await one.SubscribeAsync(_room + "x", there);

        await one.PublishAsync(_room + "x", Message("there"));
        await one.PublishAsync(_room, Message("here"));

        await here.ReceiveAsync(1);
        await there.ReceiveAsync(1);
        Assert.Equal(["here"], here.Texts);
        Assert.Equal(["there"], there.Texts);
    }

    [Fact]
    public async Task A_message_that_cannot_be_stored_throws_and_is_not_delivered()
    {
        var (one, other) = await CreateFailingAsync();
        var (near, far) = (new RecordingSubscriber(), new RecordingSubscriber());
        await using var first = await one.SubscribeAsync(_room, near);
        await using var second = await other.SubscribeAsync(_room, far);

        await Assert.ThrowsAsync<HistoryUnavailableException>(() => one.PublishAsync(_room, Message("lost")).AsTask());

        Assert.Empty(near.Texts);
        Assert.Empty(far.Texts);
    }

    [Fact]
    public async Task A_message_is_stored_without_subscribers()
    {
        var (one, _, history) = await CreateAsync();

        Assert.Null(await one.PublishAsync(_room, Message("nobody hears"), capacity: 0));
        var position = await one.PublishAsync(_room, Message("stored"));

        Assert.Equal(position, Assert.Single((await history.ReadAsync(_room)).Messages).Position);
    }

    [Fact]
    public async Task A_repeated_idempotency_key_returns_the_first_position_and_is_not_delivered_again_on_any_node()
    {
        var (one, other, history) = await CreateAsync();
        var (near, far) = (new RecordingSubscriber(), new RecordingSubscriber());
        await using var first = await one.SubscribeAsync(_room, near);
        await using var second = await other.SubscribeAsync(_room, far);

        var position = await one.PublishAsync(_room, Message("first", key: "key"));
        Assert.Equal(position, await one.PublishAsync(_room, Message("again", key: "key")));
        Assert.Equal(position, await other.PublishAsync(_room, Message("again", key: "key")));
        await other.PublishAsync(_room, Message("next", key: "another key"));

        await near.ReceiveAsync(2);
        await far.ReceiveAsync(2);
        Assert.Equal(["first", "next"], near.Texts);
        Assert.Equal(["first", "next"], far.Texts);
        Assert.Equal(["first", "next"], (await history.ReadAsync(_room)).Messages.Select(static m => m.Text));
    }

    private static ChatMessage Message(string text, string? from = null, string? key = null) =>
        new(WebSocketMessageType.Text, Encoding.UTF8.GetBytes(text), DateTimeOffset.UnixEpoch)
        {
            From = from,
            ConnectionId = "c",
            Audience = Audience.Others,
            IdempotencyKey = key,
        };
}

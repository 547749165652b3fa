using System.Net.WebSockets;

namespace ChatKit.Testing.Contracts;

/// <content>Messages, stored or not.</content>
internal sealed partial class BackplaneChecks
{
    private static void AddMessages(CaseList<BackplaneChecks> cases)
    {
        cases.Add(static c => c.A_stored_message_gets_a_position_and_reaches_every_subscriber());
        cases.AddOfChanges(static c => c.A_change_reaches_every_subscriber_after_the_message_and_in_the_order_of_the_revisions());
        cases.Add(static c => c.Json_arrives_as_json(null));
        cases.Add(static c => c.Json_arrives_as_json(0));
        cases.Add(static c => c.An_ephemeral_message_has_no_position_and_is_not_stored());
        cases.Add(static c => c.Stored_messages_of_all_publishers_are_delivered_one_at_a_time_in_the_order_of_their_positions());
        cases.Add(static c => c.Messages_of_one_publisher_arrive_in_order_stored_or_not());
        cases.Add(static c => c.The_backplane_passes_the_capacity_to_the_history());
        cases.Add(static c => c.A_message_that_cannot_be_stored_throws_and_is_not_delivered());
        cases.Add(static c => c.A_message_is_stored_without_subscribers());
        cases.Add(static c => c.A_repeated_idempotency_key_returns_the_first_position_and_is_not_delivered_again_on_any_node());
    }

    public async Task A_stored_message_gets_a_position_and_reaches_every_subscriber()
    {
        var (one, other, history) = await CreateAsync();
        var subscribers = new[] { NewSubscriber(), NewSubscriber(), NewSubscriber() };
        await using var first = await one.SubscribeAsync(_room, subscribers[0]);
        await using var second = await one.SubscribeAsync(_room, subscribers[1]);
        await using var third = await other.SubscribeAsync(_room, subscribers[2]);

        var position = await one.PublishAsync(_room, Message("hi", "ann"));

        Check.Equal(1, position?.Sequence);
        Check.Equal(position, Check.Single((await history.ReadAsync(_room)).Messages).Position);
        foreach (var subscriber in subscribers)
        {
            var message = Check.Single(await subscriber.ReceiveAsync(1));
            Check.Equal(
                (position, "hi", "ann", "c", Audience.Others),
                (message.Position, message.Text, message.From, message.ConnectionId, message.Audience));
        }
    }

    public async Task A_change_reaches_every_subscriber_after_the_message_and_in_the_order_of_the_revisions()
    {
        const int Editors = 4, Each = 25;
        var (one, other, history) = await CreateAsync();
        var (near, far) = (NewSubscriber(), NewSubscriber());
        await using var first = await one.SubscribeAsync(_room, near);
        await using var second = await other.SubscribeAsync(_room, far);
        var position = (await one.PublishAsync(_room, Message("before", "ann"))).GetValueOrDefault();
        var change = new MessageChange { Position = position, Data = "after"u8.ToArray(), At = DateTimeOffset.UnixEpoch, By = "bob" };

        await Task.WhenAll(Enumerable.Range(0, Editors).Select(e => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
                await (e % 2 == 0 ? one : other).ChangeAsync(_room, change);
        })));
        Check.Equal(ChangeOutcome.Changed, (await other.ChangeAsync(_room, change with { IsDeletion = true, Data = default, By = null })).Outcome);
        Check.Equal(ChangeOutcome.Gone, (await one.ChangeAsync(_room, change)).Outcome);
        await one.PublishAsync(_room, Message("last"));

        foreach (var subscriber in new[] { near, far })
        {
            var messages = await subscriber.ReceiveAsync((Editors * Each) + 3);
            Check.Sequence(
                (long?[])[null, .. Enumerable.Range(1, (Editors * Each) + 1).Select(static i => (long?)i), null],
                messages.Select(static m => m.Revision));
            Check.Equal((position, "after", "ann", "bob"), (messages[1].Position, messages[1].Text, messages[1].From, messages[1].ChangedBy));
            Check.Equal((position, "", true), (messages[^2].Position, messages[^2].Text, messages[^2].IsDeleted));
        }

        Check.Equal((Editors * Each) + 1, (await history.ReadAsync(_room)).Revision);
    }

    public async Task Json_arrives_as_json(int? capacity)
    {
        var (one, other, _) = await CreateAsync();
        var (near, far) = (NewSubscriber(), NewSubscriber());
        await using var first = await one.SubscribeAsync(_room, near);
        await using var second = await other.SubscribeAsync(_room, far);

        var json = new ChatMessage(WebSocketMessageType.Text, "[1]"u8.ToArray(), DateTimeOffset.UnixEpoch) { IsJson = true };
        await one.PublishAsync(_room, json, capacity);
        await one.PublishAsync(_room, Message("[1]"), capacity);

        foreach (var subscriber in new[] { near, far })
            Check.Sequence([true, false], (await subscriber.ReceiveAsync(2)).Select(static message => message.IsJson));
    }

    public async Task An_ephemeral_message_has_no_position_and_is_not_stored()
    {
        var (one, other, history) = await CreateAsync();
        var (near, far) = (NewSubscriber(), NewSubscriber());
        await using var first = await one.SubscribeAsync(_room, near);
        await using var second = await other.SubscribeAsync(_room, far);

        Check.Null(await one.PublishAsync(_room, Message("hi"), capacity: 0));

        Check.Null(Check.Single(await near.ReceiveAsync(1)).Position);
        Check.Null(Check.Single(await far.ReceiveAsync(1)).Position);
        Check.Equal(MessagePosition.None, (await history.ReadAsync(_room)).Top);
    }

    public async Task Stored_messages_of_all_publishers_are_delivered_one_at_a_time_in_the_order_of_their_positions()
    {
        const int Publishers = 8, Each = 50;
        var (one, other, _) = await CreateAsync();
        var (near, far) = (NewSubscriber(), NewSubscriber());
        await using var first = await one.SubscribeAsync(_room, near);
        await using var second = await other.SubscribeAsync(_room, far);

        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(p => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                await (p % 2 == 0 ? one : other).PublishAsync(_room, Message($"{p}:{i}"));
                await (p % 2 == 0 ? one : other).PublishAsync(_room, Message("ephemeral"), capacity: 0);
            }
        })));

        foreach (var subscriber in new[] { near, far })
        {
            var messages = await subscriber.ReceiveAsync(Publishers * Each * 2);
            Check.Sequence(
                Enumerable.Range(1, Publishers * Each).Select(static i => (long)i),
                messages.Where(static m => m.Position.HasValue).Select(static m => m.Position!.Value.Sequence));
            Check.Equal(false, subscriber.Overlapped);
        }
    }

    public async Task Messages_of_one_publisher_arrive_in_order_stored_or_not()
    {
        var (one, other, _) = await CreateAsync();
        var far = NewSubscriber();
        await using var subscription = await other.SubscribeAsync(_room, far);

        for (var i = 0; i < 50; i++)
            await one.PublishAsync(_room, Message($"{i}"), capacity: i % 3 == 0 ? 0 : null);

        await far.ReceiveAsync(50);
        Check.Sequence(Enumerable.Range(0, 50).Select(static i => $"{i}"), far.Texts);
    }

    public async Task The_backplane_passes_the_capacity_to_the_history()
    {
        var (one, _, history) = await CreateAsync();
        for (var i = 1; i <= 5; i++)
            await one.PublishAsync(_room, Message($"{i}"), capacity: 3);
        await one.PublishAsync(_room, Message("6"));

        Check.Sequence(["4", "5", "6"], (await history.ReadAsync(_room)).Messages.Select(static m => m.Text));
    }

    public async Task A_message_that_cannot_be_stored_throws_and_is_not_delivered()
    {
        var (one, other) = await CreateFailingAsync();
        var (near, far) = (NewSubscriber(), NewSubscriber());
        await using var first = await one.SubscribeAsync(_room, near);
        await using var second = await other.SubscribeAsync(_room, far);

        await Check.ThrowsAsync<HistoryUnavailableException>(() => one.PublishAsync(_room, Message("lost")).AsTask());

        Check.Empty(near.Texts);
        Check.Empty(far.Texts);
    }

    public async Task A_message_is_stored_without_subscribers()
    {
        var (one, _, history) = await CreateAsync();

        Check.Null(await one.PublishAsync(_room, Message("nobody hears"), capacity: 0));
        var position = await one.PublishAsync(_room, Message("stored"));

        Check.Equal(position, Check.Single((await history.ReadAsync(_room)).Messages).Position);
    }

    public async Task A_repeated_idempotency_key_returns_the_first_position_and_is_not_delivered_again_on_any_node()
    {
        var (one, other, history) = await CreateAsync();
        var (near, far) = (NewSubscriber(), NewSubscriber());
        await using var first = await one.SubscribeAsync(_room, near);
        await using var second = await other.SubscribeAsync(_room, far);

        var position = await one.PublishAsync(_room, Message("first", key: "key"));
        Check.Equal(position, await one.PublishAsync(_room, Message("again", key: "key")));
        Check.Equal(position, await other.PublishAsync(_room, Message("again", key: "key")));
        await other.PublishAsync(_room, Message("next", key: "another key"));

        await near.ReceiveAsync(2);
        await far.ReceiveAsync(2);
        Check.Sequence(["first", "next"], near.Texts);
        Check.Sequence(["first", "next"], far.Texts);
        Check.Sequence(["first", "next"], (await history.ReadAsync(_room)).Messages.Select(static m => m.Text));
    }
}

namespace ChatKit.Testing.Contracts;

/// <content>Announcements and subscriptions.</content>
internal sealed partial class BackplaneChecks
{
    private static void AddSubscribers(CaseList<BackplaneChecks> cases)
    {
        cases.Add(static c => c.An_announcement_reaches_every_subscriber_among_the_messages_and_is_not_stored());
        cases.Add(static c => c.The_number_of_nodes_that_an_announcement_is_sent_to_is_right_if_it_is_known());
        cases.Add(static c => c.A_subscriber_receives_nothing_after_unsubscribing());
        cases.Add(static c => c.A_subscriber_receives_again_after_subscribing_again());
        cases.Add(static c => c.Rooms_do_not_share_messages());
    }

    public async Task An_announcement_reaches_every_subscriber_among_the_messages_and_is_not_stored()
    {
        var (one, other, history) = await CreateAsync();
        var (near, far) = (NewSubscriber(), NewSubscriber());
        await using var first = await one.SubscribeAsync(_room, near);
        await using var second = await other.SubscribeAsync(_room, far);
        byte[] announcement = [0, 10, 255, 33];

        await one.PublishAsync(_room, Message("before"), capacity: 0);
        await one.AnnounceAsync(_room, announcement);
        await one.PublishAsync(_room, Message("after"), capacity: 0);

        foreach (var subscriber in new[] { near, far })
        {
            var came = await subscriber.ReceiveAsync(3);
            Check.Sequence(["before", "after"], new[] { came[0].Text, came[2].Text });
            Check.Sequence(announcement, came[1].Data.ToArray());
        }

        Check.Equal(MessagePosition.None, (await history.ReadAsync(_room)).Top);
    }

    public async Task The_number_of_nodes_that_an_announcement_is_sent_to_is_right_if_it_is_known()
    {
        var (one, other, _) = await CreateAsync();
        var (near, far) = (NewSubscriber(), NewSubscriber());
        Check.True(await one.AnnounceToAsync(_room, new byte[] { 1 }) is null or 0, "nobody has subscribed");
        await using var first = await one.SubscribeAsync(_room, near);
        Check.True(await other.AnnounceToAsync(_room, new byte[] { 2 }) is null or 1, "one node has subscribed");
        await using var second = await other.SubscribeAsync(_room, far);

        var count = await one.AnnounceToAsync(_room, new byte[] { 3 });
        Check.True(count is null || count == (one == other ? 1 : 2), "all have subscribed");

        Check.Sequence([2, 3], (await near.ReceiveAsync(2)).Select(static announcement => (int)announcement.Data.Span[0]));
        Check.Equal(3, Check.Single(await far.ReceiveAsync(1)).Data.Span[0]);
    }

    public async Task A_subscriber_receives_nothing_after_unsubscribing()
    {
        var (one, other, _) = await CreateAsync();
        var (stays, leaves) = (NewSubscriber(), NewSubscriber());
        await using var staying = await one.SubscribeAsync(_room, stays);
        var leaving = await other.SubscribeAsync(_room, leaves);
        await one.PublishAsync(_room, Message("1"));
        await leaves.ReceiveAsync(1);

        await leaving.DisposeAsync();
        await one.PublishAsync(_room, Message("2"));
        await one.PublishAsync(_room, Message("3"), capacity: 0);

        await stays.ReceiveAsync(3);
        Check.Sequence(["1"], leaves.Texts);
    }

    public async Task A_subscriber_receives_again_after_subscribing_again()
    {
        var (one, _, _) = await CreateAsync();
        var subscriber = NewSubscriber();
        for (var i = 1; i <= 3; i++)
        {
            await using var subscription = await one.SubscribeAsync(_room, subscriber);
            await one.PublishAsync(_room, Message($"{i}"));
            await subscriber.ReceiveAsync(i);
        }

        Check.Sequence(["1", "2", "3"], subscriber.Texts);
    }

    public async Task Rooms_do_not_share_messages()
    {
        var (one, _, _) = await CreateAsync();
        var (here, there) = (NewSubscriber(), NewSubscriber());
        await using var first = await one.SubscribeAsync(_room, here);
        await using var second = await one.SubscribeAsync(_room + "x", there);

        await one.PublishAsync(_room + "x", Message("there"));
        await one.PublishAsync(_room, Message("here"));

        await here.ReceiveAsync(1);
        await there.ReceiveAsync(1);
        Check.Sequence(["here"], here.Texts);
        Check.Sequence(["there"], there.Texts);
    }
}

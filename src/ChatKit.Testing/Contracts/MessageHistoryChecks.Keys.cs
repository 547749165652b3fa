namespace ChatKit.Testing.Contracts;

/// <content>Idempotency keys.</content>
internal sealed partial class MessageHistoryChecks
{
    private static void AddKeys(CaseList<MessageHistoryChecks> cases)
    {
        cases.Add(static c => c.A_repeated_idempotency_key_returns_the_first_position_and_stores_nothing());
        cases.Add(static c => c.One_of_many_concurrent_messages_with_the_same_idempotency_key_is_stored());
        cases.Add(static c => c.Rooms_do_not_share_idempotency_keys());
        cases.Add(static c => c.An_idempotency_key_expires_after_5_minutes());
        cases.Add(static c => c.An_expired_room_remembers_its_idempotency_keys());
    }

    public async Task A_repeated_idempotency_key_returns_the_first_position_and_stores_nothing()
    {
        var history = await CreateAsync();
        await AppendAsync(history, "before");
        var first = await history.AppendAsync(_room, Message("first", key: "a-1"));
        await AppendAsync(history, "between");

        var repeated = await history.AppendAsync(_room, Message("again", key: "a-1"));
        var other = await history.AppendAsync(_room, Message("other", key: "a-2"));

        Check.Equal((2, true), (first.Position.Sequence, first.IsNew));
        Check.Equal((first.Position, false), (repeated.Position, repeated.IsNew));
        Check.Equal((4, true), (other.Position.Sequence, other.IsNew));
        Check.Sequence(["before", "first", "between", "other"], Texts(await history.ReadAsync(_room)));
    }

    public async Task One_of_many_concurrent_messages_with_the_same_idempotency_key_is_stored()
    {
        var history = await CreateAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(
            () => history.AppendAsync(_room, Message($"{i}", key: "key")).AsTask())));

        Check.Single(results.Where(static result => result.IsNew));
        Check.Single(results.Select(static result => result.Position).Distinct());
        Check.Single((await history.ReadAsync(_room)).Messages);
    }

    public async Task Rooms_do_not_share_idempotency_keys()
    {
        var history = await CreateAsync();

        var here = await history.AppendAsync(_room, Message("here", key: "key"));
        var there = await history.AppendAsync(_room + "x", Message("there", key: "key"));

        Check.True(here.IsNew);
        Check.True(there.IsNew);
        Check.Sequence(["there"], Texts(await history.ReadAsync(_room + "x")));
    }

    public async Task An_idempotency_key_expires_after_5_minutes()
    {
        var history = await CreateAsync();
        await history.AppendAsync(_room, Message("first", key: "key"));

        await ForgetKeyAsync(history, _room, "key");

        Check.True((await history.AppendAsync(_room, Message("again", key: "key"))).IsNew);
        Check.Sequence(["first", "again"], Texts(await history.ReadAsync(_room)));
    }

    public async Task An_expired_room_remembers_its_idempotency_keys()
    {
        var options = new ChatKitOptions { RoomTimeToLive = TimeSpan.FromSeconds(1) };
        var history = await CreateAsync(options);
        var first = await history.AppendAsync(_room, Message("once", key: "key"));
        await ExpireAsync(_room, options);

        var again = await history.AppendAsync(_room, Message("once", key: "key"));

        Check.Equal((first.Position, false), (again.Position, again.IsNew));
    }
}

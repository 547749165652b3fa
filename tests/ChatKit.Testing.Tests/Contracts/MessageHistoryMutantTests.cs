using System.Net.WebSockets;
using System.Text;

namespace ChatKit.Testing.Tests.Contracts;

/// <summary>Each error of a history is caught by the case that is there for it.</summary>
public sealed class MessageHistoryMutantTests
{
    private static readonly Dictionary<string, (string Case, Func<IMessageHistory, IMessageHistory> Mutate)> Mutants = new()
    {
        ["an append doubles"] = ("Sequences_count_up_by_one_from_1", static inner => new MutantHistory(inner)
        {
            Append = async (room, message, capacity, cancellationToken) =>
            {
                await inner.AppendAsync(room, message, capacity, cancellationToken);
                return await inner.AppendAsync(room, message, capacity, cancellationToken);
            },
        }),
        ["an append is lost"] = ("Exactly_the_last_100_of_250_messages_of_8_concurrent_writers_remain", static inner => new MutantHistory(inner)
        {
            Append = async (room, message, capacity, cancellationToken) => message.Text.EndsWith(":77", StringComparison.Ordinal)
                ? new AppendResult((await inner.ReadAsync(room)).Top, IsNew: true)
                : await inner.AppendAsync(room, message, capacity, cancellationToken),
        }),
        ["messages are in a wrong order"] = ("Sequences_count_up_by_one_from_1", static inner => new MutantHistory(inner)
        {
            Page = static (_, page) => page with { Messages = [.. page.Messages.Reverse()] },
        }),
        ["positions begin with 0"] = ("Sequences_count_up_by_one_from_1", static inner => new MutantHistory(inner)
        {
            Append = async (room, message, capacity, cancellationToken) =>
            {
                var (position, isNew) = await inner.AppendAsync(room, message, capacity, cancellationToken);
                return new AppendResult(position with { Sequence = position.Sequence - 1 }, isNew);
            },
        }),
        ["two writers get one position"] = ("Exactly_the_last_100_of_250_messages_of_8_concurrent_writers_remain", TwoWritersGetOnePosition),
        ["nothing is trimmed"] = ("Exactly_the_last_100_of_250_messages_of_8_concurrent_writers_remain", static inner => new MutantHistory(inner)
        {
            Capacity = static _ => 1000,
        }),
        ["the capacity of the options is forgotten"] = ("The_options_set_how_many_messages_are_kept", static inner => new MutantHistory(inner)
        {
            Capacity = static capacity => capacity ?? 100,
        }),
        ["the capacity of an append is forgotten"] = ("The_largest_requested_capacity_applies", static inner => new MutantHistory(inner)
        {
            Capacity = static _ => null,
        }),
        ["the last capacity applies, not the largest"] = ("The_largest_requested_capacity_applies", LastCapacityApplies),
        ["the idempotency key is ignored"] = ("A_repeated_idempotency_key_returns_the_first_position_and_stores_nothing", static inner =>
            new MutantHistory(inner) { Message = static message => MutantHistory.Copy(message, withKey: false) }),
        ["two messages with one key at the same time are both stored"] =
            ("One_of_many_concurrent_messages_with_the_same_idempotency_key_is_stored", SecondKeyIsLost),
        ["a repeated message counts as new"] = (
            "A_repeated_idempotency_key_returns_the_first_position_and_stores_nothing",
            static inner => new MutantHistory(inner)
            {
                Append = async (room, message, capacity, cancellationToken) =>
                    new AppendResult((await inner.AppendAsync(room, message, capacity, cancellationToken)).Position, IsNew: true),
            }),
        ["rooms share idempotency keys"] = ("Rooms_do_not_share_idempotency_keys", RoomsShareKeys),
        ["an idempotency key is remembered for ever"] = ("An_idempotency_key_expires_after_5_minutes", KeysAreKeptForEver),
        ["all rooms are one"] = ("Rooms_do_not_share_messages", static inner => new MutantHistory(inner) { Room = static _ => "one" }),
        ["names are cut"] = ("Each_valid_name_is_a_separate_room(\"x x 255\")", static inner =>
            new MutantHistory(inner) { Room = static room => room[..Math.Min(room.Length, 200)] }),
        ["blanks are trimmed"] = ("Each_valid_name_is_a_separate_room(\" \")", static inner =>
            new MutantHistory(inner) { Room = static room => room.Trim() }),
        ["a page is torn"] = ("A_page_is_a_consistent_snapshot", PagesAreTorn),
        ["a reader receives the message that it has"] = ("A_reader_receives_the_messages_after_its_position(4, 1, 0)", static inner =>
            new MutantHistory(inner)
            {
                After = static after => after is { Message.Sequence: > 0 } known
                    ? known with { Message = known.Message with { Sequence = known.Message.Sequence - 1 } }
                    : after,
            }),
        ["the position None is unknown"] = ("A_reader_at_None_receives_everything", static inner => new MutantHistory(inner)
        {
            Page = static (after, page) => after?.Message == MessagePosition.None ? page with { Restarted = true } : page,
        }),
        ["missing messages are not counted"] = ("A_page_states_how_many_missed_messages_are_no_longer_stored(9, 10, 1)", static inner =>
            new MutantHistory(inner) { Page = static (_, page) => page with { Missed = 0 } }),
        ["another epoch is not noticed"] = (
            "A_reader_of_another_stream_or_beyond_the_top_receives_everything_again(\"another\", 3)",
            static inner => new MutantHistory(inner) { Page = static (_, page) => page with { Restarted = false } }),
        ["a position beyond the top is not noticed"] = (
            "A_reader_of_another_stream_or_beyond_the_top_receives_everything_again(null, 21)",
            static inner => new MutantHistory(inner)
            {
                Page = static (after, page) => after?.Message.Sequence > page.Top.Sequence ? page with { Messages = [], Restarted = false } : page,
            }),
        ["an unknown room is not empty"] = ("A_room_in_which_nothing_was_stored_is_empty", static inner => new MutantHistory(inner)
        {
            Page = static (_, page) => page.Top == MessagePosition.None ? page with { Top = new MessagePosition("e", 1) } : page,
        }),
        ["bytes become text"] = ("Bytes_are_read_back_unchanged(256)", static inner => new MutantHistory(inner)
        {
            Message = static message => MutantHistory.Copy(message, data: Encoding.UTF8.GetBytes(message.Text)),
        }),
        ["an empty message is not stored"] = ("Bytes_are_read_back_unchanged(0)", static inner => new MutantHistory(inner)
        {
            Page = static (_, page) => page with { Messages = [.. page.Messages.Where(static message => !message.Data.IsEmpty)] },
        }),
        ["large messages are cut"] = ("Bytes_are_read_back_unchanged(64 * 1024)", static inner => new MutantHistory(inner)
        {
            Message = static message => MutantHistory.Copy(message, data: message.Data[..Math.Min(message.Data.Length, 60_000)]),
        }),
        ["the type is lost"] = (
            "All_properties_of_a_message_are_read_back(Binary, null, \"c2\", Audience.Others)",
            static inner => new MutantHistory(inner) { Message = static message => MutantHistory.Copy(message, WebSocketMessageType.Text) }),
        ["the sender is lost"] = (
            "All_properties_of_a_message_are_read_back(Text, \"ann\", \"c1\", Audience.Everyone)",
            static inner => new MutantHistory(inner) { Message = static message => MutantHistory.Copy(message, withSender: false) }),
        ["the connection is lost"] = (
            "All_properties_of_a_message_are_read_back(Text, \"ann\", \"c1\", Audience.Everyone)",
            static inner => new MutantHistory(inner) { Message = static message => MutantHistory.Copy(message, withConnection: false) }),
        ["the audience is lost"] = (
            "All_properties_of_a_message_are_read_back(Binary, null, \"c2\", Audience.Others)",
            static inner => new MutantHistory(inner) { Message = static message => MutantHistory.Copy(message, withAudience: false) }),
        ["the time is rounded to seconds"] = (
            "All_properties_of_a_message_are_read_back(Text, \"ann\", \"c1\", Audience.Everyone)",
            static inner => new MutantHistory(inner)
            {
                Message = static message => MutantHistory.Copy(message, at: DateTimeOffset.FromUnixTimeSeconds(message.At.ToUnixTimeSeconds())),
            }),
        ["JSON becomes text"] = ("Json_stays_json_and_a_text_stays_a_text", static inner =>
            new MutantHistory(inner) { Message = static message => MutantHistory.Copy(message, withJson: false) }),
        ["the caller chooses the position"] = ("The_position_of_an_appended_message_is_ignored", static inner => new MutantHistory(inner)
        {
            Append = async (room, message, capacity, cancellationToken) =>
            {
                var result = await inner.AppendAsync(room, message, capacity, cancellationToken);
                return message.Position is { } position ? result with { Position = position } : result;
            },
        }),
        ["cancellation is ignored"] = ("A_canceled_operation_does_not_start", static inner => new MutantHistory(inner) { IsCancelable = false }),
        ["arguments are not checked"] = ("Arguments_are_checked", static inner => new MutantHistory(inner)
        {
            Append = (room, message, capacity, cancellationToken) =>
                inner.AppendAsync(room is null or "" ? "room" : room, message, capacity, cancellationToken),
        }),
        ["an edited message is appended"] = ("An_edited_message_keeps_its_position_its_sender_and_its_time", static inner => new MutantHistory(inner)
        {
            Change = async (room, change, cancellationToken) =>
            {
                var (position, _) = await inner.AppendAsync(room, new ChatMessage(change.Type, change.Data, change.At), null, cancellationToken);
                return await inner.ChangeAsync(room, change with { Position = position }, cancellationToken);
            },
        }),
        ["an edited message loses its sender"] = (
            "An_edited_message_keeps_its_position_its_sender_and_its_time",
            static inner => new MutantHistory(inner)
            {
                Page = static (_, page) => page with
                {
                    Messages = [.. page.Messages.Select(static message => MutantHistory.Copy(message, withSender: message.Revision is null))],
                },
            }),
        ["the time and author of a change are lost"] = ("An_edited_message_keeps_its_position_its_sender_and_its_time", static inner =>
            new MutantHistory(inner)
            {
                Page = static (_, page) => page with
                {
                    Messages = [.. page.Messages.Select(static message => MutantHistory.Copy(message, withChange: false))],
                },
            }),
        ["an edit loses that it is JSON"] = ("A_text_that_is_edited_can_become_json_and_a_text_again", static inner => new MutantHistory(inner)
        {
            Change = (room, change, cancellationToken) => inner.ChangeAsync(room, change with { IsJson = false }, cancellationToken),
        }),
        ["an edit keeps the type"] = (
            "A_message_can_be_edited_again_and_become_text_or_binary(Text, Binary, null, \"ann\")",
            static inner => new MutantHistory(inner)
            {
                Change = (room, change, cancellationToken) =>
                    inner.ChangeAsync(room, change with { Type = WebSocketMessageType.Text }, cancellationToken),
            }),
        ["a deleted message keeps its payload"] = (
            "A_deleted_message_keeps_its_position_and_loses_its_payload",
            static inner => new MutantHistory(inner)
            {
                Change = async (room, change, cancellationToken) =>
                {
                    var stored = (await inner.ReadAsync(room, cancellationToken: cancellationToken)).Messages;
                    if (change.IsDeletion && stored.SingleOrDefault(message => message.Position == change.Position) is { } message)
                        change = change with { Data = message.Data };
                    return await inner.ChangeAsync(room, change, cancellationToken);
                },
            }),
        ["a deleted message leaves no marker"] = (
            "A_deleted_message_keeps_its_position_and_loses_its_payload",
            static inner => new MutantHistory(inner)
            {
                Page = static (_, page) => page with { Messages = [.. page.Messages.Where(static message => !message.IsDeleted)] },
            }),
        ["a deleted message can be edited"] = ("A_deleted_message_cannot_be_edited_and_is_deleted_once", static inner => new MutantHistory(inner)
        {
            Change = async (room, change, cancellationToken) =>
            {
                var result = await inner.ChangeAsync(room, change, cancellationToken);
                return result.Outcome == ChangeOutcome.Gone ? new ChangeResult(ChangeOutcome.Changed) : result;
            },
        }),
        ["a message that is not stored is edited"] = ("A_message_that_is_not_stored_is_gone", static inner => new MutantHistory(inner)
        {
            Change = async (room, change, cancellationToken) =>
            {
                var result = await inner.ChangeAsync(room, change, cancellationToken);
                return result.Outcome == ChangeOutcome.Gone ? new ChangeResult(ChangeOutcome.Unchanged) : result;
            },
        }),
        ["the key of a change is ignored"] = ("A_change_with_a_repeated_key_is_made_once", static inner => new MutantHistory(inner)
        {
            Change = (room, change, cancellationToken) => inner.ChangeAsync(room, change with { IdempotencyKey = null }, cancellationToken),
        }),
        ["changes are not read"] = (
            "A_reader_receives_the_latest_state_of_what_has_changed_since_its_revision",
            static inner => new MutantHistory(inner)
            {
                Page = static (_, page) => page with { Changes = [] },
            }),
        ["changes are in the order of their positions"] = (
            "Changes_are_read_in_the_order_of_their_revisions",
            static inner => new MutantHistory(inner)
            {
                Page = static (_, page) => page with { Changes = [.. page.Changes.OrderBy(static message => message.Position!.Value.Sequence)] },
            }),
        ["the reader's revision is ignored"] = (
            "A_reader_receives_the_latest_state_of_what_has_changed_since_its_revision",
            static inner => new MutantHistory(inner) { After = static after => after is { } known ? known with { Revision = null } : null }),
        ["a revision beyond the room's is not noticed"] = ("A_reader_whose_revision_the_room_does_not_have_starts_again", static inner =>
            new MutantHistory(inner) { After = static after => after is { Revision: > 1 } known ? known with { Revision = 1 } : after }),
        ["the limit is ignored"] = ("A_reader_without_a_position_receives_no_changes_and_at_most_the_limit", static inner => new MutantHistory(inner)
        {
            Limit = static _ => null,
        }),
        ["the revision is not counted"] = ("A_change_of_a_message_that_is_trimmed_is_forgotten", static inner => new MutantHistory(inner)
        {
            Page = static (_, page) => page with { Revision = page.Changes.Count },
        }),
        ["an edit is not seen by a reader that follows"] = ("Writers_editors_and_a_reader_agree_in_the_end", FollowersMissChanges),
        ["older messages come newest first"] = ("Messages_before_a_position_are_read_oldest_first(5, 2, \"3,4\", false)", static inner =>
            new MutantHistory(inner) { Older = static older => older with { Messages = [.. older.Messages.Reverse()] } }),
        ["that there are older messages is not said"] = ("Messages_before_a_position_are_read_oldest_first(12, 3, \"9,10,11\", true)", static inner =>
            new MutantHistory(inner) { Older = static older => older with { HasMore = false } }),
        ["older messages are as they were sent"] = ("Messages_before_a_position_are_as_they_are_now", static inner => new MutantHistory(inner)
        {
            Older = static older => older with
            {
                Messages = [.. older.Messages.Select(static message => MutantHistory.Copy(message, withDeletion: false))],
            },
        }),
        ["the history fails"] = ("Sequences_count_up_by_one_from_1", static inner => new MutantHistory(inner)
        {
            Append = static (_, _, _, _) => throw new InvalidCastException("a bug"),
        }),
    };

    public static TheoryData<string> Names => [.. Mutants.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task An_error_is_caught_by_its_case(string mutant)
    {
        var (caseName, mutate) = Mutants[mutant];

        var failure = await Assert.ThrowsAsync<ContractException>(() => new MutantContract(mutate).RunAsync(caseName));

        Assert.StartsWith(caseName + ": ", failure.Message, StringComparison.Ordinal);
        await new MutantContract(static inner => new MutantHistory(inner)).RunAsync(caseName);
    }

    [Fact]
    public async Task A_room_that_does_not_expire_is_caught()
    {
        var contract = new MutantContract(static inner => inner) { Configure = static options => options.RoomTimeToLive = TimeSpan.FromDays(30) };

        await Assert.ThrowsAsync<ContractException>(
            () => contract.RunAsync("An_expired_room_is_empty_and_continues_its_positions_or_starts_a_new_stream"));
    }

    [Fact]
    public async Task An_expired_room_that_forgets_its_keys_is_caught()
    {
        var contract = new MutantContract(static inner =>
        {
            var count = 0;
            return new MutantHistory(inner)
            {
                Message = message => MutantHistory.Copy(message, withKey: Interlocked.Increment(ref count) == 1),
            };
        });

        await Assert.ThrowsAsync<ContractException>(() => contract.RunAsync("An_expired_room_remembers_its_idempotency_keys"));
    }

    /// <summary>There is a mutant, or a test above, for each check.</summary>
    [Fact]
    public void Every_check_catches_an_error()
    {
        var caught = Mutants.Values.Select(static mutant => mutant.Case.Split('(')[0])
            .Append("An_expired_room_is_empty_and_continues_its_positions_or_starts_a_new_stream")
            .Append("An_expired_room_remembers_its_idempotency_keys");

        var all = MessageHistoryContract.CaseNames.Select(static row => ((string)row[0]).Split('(')[0]);

        Assert.Empty(all.Distinct().Except(caught));
    }

    private static MutantHistory TwoWritersGetOnePosition(IMessageHistory inner)
    {
        var count = 0;
        return new MutantHistory(inner)
        {
            Append = async (room, message, capacity, cancellationToken) =>
            {
                var (position, isNew) = await inner.AppendAsync(room, message, capacity, cancellationToken);
                return new AppendResult(Interlocked.Increment(ref count) == 50 ? position with { Sequence = 1 } : position, isNew);
            },
        };
    }

    private static MutantHistory LastCapacityApplies(IMessageHistory inner)
    {
        int? last = null;
        return new MutantHistory(inner)
        {
            Capacity = capacity => last = capacity ?? last,
            Page = (_, page) => page with { Messages = [.. page.Messages.TakeLast(last ?? 100)] },
        };
    }

    private static MutantHistory SecondKeyIsLost(IMessageHistory inner)
    {
        var count = 0;
        return new MutantHistory(inner)
        {
            Message = message => MutantHistory.Copy(message, withKey: Interlocked.Increment(ref count) != 2),
        };
    }

    private static MutantHistory RoomsShareKeys(IMessageHistory inner)
    {
        HashSet<string> keys = [];
        return new MutantHistory(inner)
        {
            Append = async (room, message, capacity, cancellationToken) => message.IdempotencyKey is { } key && !keys.Add(key)
                ? new AppendResult(new MessagePosition("e", 1), IsNew: false)
                : await inner.AppendAsync(room, message, capacity, cancellationToken),
        };
    }

    private static MutantHistory KeysAreKeptForEver(IMessageHistory inner)
    {
        Dictionary<string, AppendResult> keys = [];
        return new MutantHistory(inner)
        {
            Append = async (room, message, capacity, cancellationToken) =>
            {
                if (message.IdempotencyKey is { } key && keys.TryGetValue(key, out var known))
                    return known with { IsNew = false };
                var result = await inner.AppendAsync(room, message, capacity, cancellationToken);
                if (message.IdempotencyKey is { } added)
                    keys[added] = result;
                return result;
            },
        };
    }

    private static MutantHistory PagesAreTorn(IMessageHistory inner)
    {
        var last = new HistoryPage([], MessagePosition.None, 0, false);
        return new MutantHistory(inner) { Page = (_, page) => page with { Messages = Interlocked.Exchange(ref last, page).Messages } };
    }

    /// <summary>Each change waits until the reader that follows has the message, so that only the change can tell it.</summary>
    private static MutantHistory FollowersMissChanges(IMessageHistory inner)
    {
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return new MutantHistory(inner)
        {
            Page = (after, page) =>
            {
                if (after is not null)
                    Interlocked.Exchange(ref read, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
                return page with { Changes = [] };
            },
            Change = async (room, change, cancellationToken) =>
            {
                // The first read may have begun before the message was stored.
                await Volatile.Read(ref read).Task.WaitAsync(cancellationToken);
                await Volatile.Read(ref read).Task.WaitAsync(cancellationToken);
                return await inner.ChangeAsync(room, change, cancellationToken);
            },
        };
    }
}

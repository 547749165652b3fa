using System.Net.WebSockets;
using static System.Net.WebSockets.WebSocketMessageType;

namespace ChatKit.Testing.Contracts;

/// <content>Messages that are edited and deleted.</content>
internal sealed partial class MessageHistoryChecks
{
    private static void AddChanges(CaseList<MessageHistoryChecks> cases)
    {
        cases.AddOfChanges(static c => c.An_edited_message_keeps_its_position_its_sender_and_its_time());
        cases.AddOfChanges(static c => c.A_text_that_is_edited_can_become_json_and_a_text_again());
        cases.AddOfChanges(static c => c.A_message_can_be_edited_again_and_become_text_or_binary(Text, Binary, null, "ann"));
        cases.AddOfChanges(static c => c.A_message_can_be_edited_again_and_become_text_or_binary(Binary, Text, "bob", null));
        cases.AddOfChanges(static c => c.A_message_can_be_edited_again_and_become_text_or_binary(Binary, Binary, null, null));
        cases.AddOfChanges(static c => c.A_deleted_message_keeps_its_position_and_loses_its_payload());
        cases.AddOfChanges(static c => c.A_deleted_message_cannot_be_edited_and_is_deleted_once());
        cases.AddOfChanges(static c => c.A_message_that_is_not_stored_is_gone());
        cases.AddOfChanges(static c => c.A_change_with_a_repeated_key_is_made_once());
    }

    public async Task An_edited_message_keeps_its_position_its_sender_and_its_time()
    {
        var history = await CreateAsync();
        var at = new DateTimeOffset(2026, 11, 22, 18, 0, 0, TimeSpan.Zero);
        var sent = new ChatMessage(WebSocketMessageType.Text, "before"u8.ToArray(), at)
        {
            From = "ann",
            ConnectionId = "c1",
            Audience = Audience.Others,
        };
        await AppendAsync(history, "first");
        var (position, _) = await history.AppendAsync(_room, sent);
        await AppendAsync(history, "last");

        var result = await history.ChangeAsync(
            _room, new MessageChange { Position = position, Data = "after 日本"u8.ToArray(), At = at.AddMinutes(1), By = "bob" });

        var page = await history.ReadAsync(_room);
        Check.Sequence(["first", "after 日本", "last"], Texts(page));
        Check.Equal(1, page.Revision);
        Check.Equal(ChangeOutcome.Changed, result.Outcome);
        foreach (var message in (ChatMessage[])[page.Messages[1], result.Message!])
        {
            Check.Equal(
                (position, at, "ann", "c1", Audience.Others),
                (message.Position, message.At, message.From, message.ConnectionId, message.Audience));
            Check.Equal((1, at.AddMinutes(1), "bob", false), (message.Revision, message.ChangedAt, message.ChangedBy, message.IsDeleted));
        }
    }

    public async Task A_text_that_is_edited_can_become_json_and_a_text_again()
    {
        var history = await CreateAsync();
        var position = await AppendAsync(history, "text");
        List<bool> seen = [];
        foreach (var isJson in new[] { true, true, false, true })
        {
            var result = await history.ChangeAsync(_room, Edit(position, "[1]") with { IsJson = isJson });
            seen.Add(result.Message!.IsJson);
            seen.Add(Check.Single((await history.ReadAsync(_room)).Messages).IsJson);
        }

        await history.ChangeAsync(_room, new MessageChange { Position = position, IsDeletion = true, At = DateTimeOffset.UnixEpoch });

        Check.Sequence([true, true, true, true, false, false, true, true], seen);
        Check.Equal(false, Check.Single((await history.ReadAsync(_room)).Messages).IsJson);
    }

    public async Task A_message_can_be_edited_again_and_become_text_or_binary(
        WebSocketMessageType before, WebSocketMessageType after, string? firstBy, string? secondBy)
    {
        var history = await CreateAsync();
        var (position, _) = await history.AppendAsync(_room, new ChatMessage(before, new byte[300], DateTimeOffset.UnixEpoch) { From = "日本" });
        await history.ChangeAsync(_room, Edit(position, "once") with { Type = before, By = firstBy });

        var again = await history.ChangeAsync(_room, Edit(position, "twice") with { Type = after, By = secondBy });

        var message = Check.Single((await history.ReadAsync(_room)).Messages);
        Check.Equal((after, "twice", "日本", 2, secondBy), (message.Type, message.Text, message.From, message.Revision, message.ChangedBy));
        Check.Equal(2, again.Message!.Revision);
    }

    public async Task A_deleted_message_keeps_its_position_and_loses_its_payload()
    {
        var history = await CreateAsync();
        await FillAsync(history, 3);
        var top = (await history.ReadAsync(_room)).Top;

        var result = await history.ChangeAsync(_room, Deletion(top with { Sequence = 2 }));

        var page = await history.ReadAsync(_room);
        Check.Equal(ChangeOutcome.Changed, result.Outcome);
        Check.Sequence(["1", "", "3"], Texts(page));
        Check.Sequence([false, true, false], page.Messages.Select(static message => message.IsDeleted));
        Check.Equal(top, page.Top);
    }

    public async Task A_deleted_message_cannot_be_edited_and_is_deleted_once()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 2);
        await history.ChangeAsync(_room, Deletion(top));

        Check.Equal(ChangeOutcome.Gone, (await history.ChangeAsync(_room, Edit(top, "back"))).Outcome);
        Check.Equal(ChangeOutcome.Unchanged, (await history.ChangeAsync(_room, Deletion(top))).Outcome);

        var page = await history.ReadAsync(_room);
        Check.Equal((1, true), (page.Revision, page.Messages[1].IsDeleted));
    }

    public async Task A_message_that_is_not_stored_is_gone()
    {
        var history = await CreateAsync();
        Check.Equal(ChangeOutcome.Gone, (await history.ChangeAsync(_room, Edit(new MessagePosition("e", 1), "x"))).Outcome);
        var top = await FillAsync(history, 12, capacity: 10);

        foreach (var position in (MessagePosition[])[
            top with { Sequence = 2 }, top with { Sequence = 13 }, top with { Sequence = 0 }, top with { Sequence = long.MaxValue },
            new MessagePosition("another", 5), MessagePosition.None])
        {
            Check.Equal(ChangeOutcome.Gone, (await history.ChangeAsync(_room, Edit(position, "x"))).Outcome);
            Check.Equal(ChangeOutcome.Gone, (await history.ChangeAsync(_room, Deletion(position))).Outcome);
        }

        var page = await history.ReadAsync(_room);
        Check.Sequence(Enumerable.Range(3, 10).Select(static i => $"{i}"), Texts(page));
        Check.Equal(0, page.Revision);
    }

    public async Task A_change_with_a_repeated_key_is_made_once()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 2);
        await history.ChangeAsync(_room, Edit(top, "mine") with { IdempotencyKey = "k" });
        await history.ChangeAsync(_room, Edit(top, "another's"));

        var again = await history.ChangeAsync(_room, Edit(top, "mine") with { IdempotencyKey = "k" });

        Check.Equal(ChangeOutcome.Unchanged, again.Outcome);
        Check.Sequence(["1", "another's"], Texts(await history.ReadAsync(_room)));
    }
}

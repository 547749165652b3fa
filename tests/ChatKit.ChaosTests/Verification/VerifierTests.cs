using ChatKit.TestKit.Verification;

namespace ChatKit.ChaosTests.Verification;

public class VerifierTests
{
    private const int Capacity = 3;

    [Fact]
    public void Messages_in_one_order_are_clean()
    {
        Assert.Empty(Verify(Ann(1, 2, 3, 4, 5, 6), Bob(1, 2, 3, 4, 5, 6)).Problems);
    }

    [Fact]
    public void A_correct_gap_is_clean()
    {
        Assert.Empty(Verify(Ann(1, 2, 3, 4, 5, 6), Bob(1, Gap(1, 4, 2), 4, 5, 6)).Problems);
    }

    [Fact]
    public void A_correct_gap_before_the_first_message_is_clean()
    {
        var first = new Seen(MessagePosition.None, null, new SeenGap(At(3), 2, false));

        Assert.Empty(Verify(Ann(1, 2, 3, 4, 5), Bob(first, 3, 4, 5)).Problems);
    }

    [Fact]
    public void A_lost_message_is_found()
    {
        Assert.Equal(["bob: between 2 and 4 nothing came"], Verify(Ann(1, 2, 3, 4), Bob(1, 2, 4)).Lost);
    }

    [Fact]
    public void A_lost_first_message_is_found()
    {
        Assert.Single(Verify(Ann(1, 2, 3, 4), Bob(2, 3, 4)).Lost);
    }

    [Fact]
    public void A_lost_last_message_is_found()
    {
        Assert.Equal(["bob: nothing came after 3, and the room goes on to 4"], Verify(Ann(1, 2, 3, 4), Bob(1, 2, 3)).Lost);
    }

    [Fact]
    public void A_message_that_is_acknowledged_and_not_received_is_lost()
    {
        var ann = Ann(1, 2);

        var verdict = Verify(ann with { Sent = [.. ann.Sent, new Sent("ann 3", Outcome.Acknowledged, At(3))] }, Bob(1, 2));

        Assert.Single(verdict.Lost);
    }

    [Fact]
    public void A_duplicate_message_is_found()
    {
        Assert.Single(Verify(Ann(1, 2, 3), Bob(1, 2, 2, 3)).Duplicates);
    }

    [Fact]
    public void A_message_that_is_stored_twice_is_found()
    {
        var (ann, bob) = (Ann(1, 2, 3), Bob(1, 2, 3));

        var verdict = Verify(ann with { Seen = [.. ann.Seen, Message(4, "ann 1")] }, bob with { Seen = [.. bob.Seen, Message(4, "ann 1")] });

        Assert.NotEmpty(verdict.Duplicates);
        Assert.Empty(verdict.Lost);
    }

    [Fact]
    public void Swapped_messages_are_found()
    {
        Assert.NotEmpty(Verify(Ann(1, 2, 3, 4), Bob(1, 3, 2, 4)).Reordered);
    }

    [Fact]
    public void Positions_with_different_messages_are_found()
    {
        var bob = Bob(1, 2, 3);

        Assert.NotEmpty(Verify(Ann(1, 2, 3), bob with { Seen = [bob.Seen[0], Message(2, "ann 3"), Message(3, "ann 2")] }).Misplaced);
    }

    [Fact]
    public void An_order_other_than_the_senders_is_found()
    {
        var ann = Ann(1, 2, 3);

        Assert.Single(Verify(ann with { Sent = [ann.Sent[1], ann.Sent[0], ann.Sent[2]] }, Bob(1, 2, 3)).Reordered);
    }

    [Theory]
    [InlineData(1, 4, 3)]
    [InlineData(1, 4, 1)]
    [InlineData(1, 3, 1)]
    [InlineData(1, 5, 3)]
    [InlineData(2, 4, 1)]
    [InlineData(0, 4, 3)]
    public void A_gap_that_does_not_exist_or_has_another_size_is_found(int after, int next, int missed)
    {
        Assert.NotEmpty(Verify(Ann(1, 2, 3, 4, 5, 6), Bob(1, Gap(after, next, missed), 4, 5, 6)).WrongGaps);
    }

    [Fact]
    public void A_gap_around_messages_that_were_still_stored_is_found()
    {
        Assert.Single(Verify(Ann(1, 2, 3, 4, 5), Bob(1, Gap(1, 4, 2), 4, 5)).WrongGaps);
    }

    [Fact]
    public void A_gap_with_nothing_missing_is_found()
    {
        Assert.Single(Verify(Ann(1, 2, 3, 4, 5), Bob(1, Gap(1, 2, 0), 2, 3, 4, 5)).WrongGaps);
    }

    [Fact]
    public void A_gap_at_the_end_is_found()
    {
        Assert.NotEmpty(Verify(Ann(1, 2, 3, 4, 5), Bob(1, Gap(1, 3, 1))).WrongGaps);
    }

    [Fact]
    public void A_reset_is_found()
    {
        var reset = new Seen(At(3), null, new SeenGap(At(4), null, true));

        Assert.Single(Verify(Ann(1, 2, 3, 4, 5, 6), Bob(1, 2, 3, reset, 4, 5, 6)).WrongGaps);
    }

    [Fact]
    public void Another_stream_is_found()
    {
        var ann = Ann(1, 2, 3);

        Assert.NotEmpty(Verify(ann with { Seen = [.. ann.Seen, new Seen(new MessagePosition("f", 4), "ann 4")] }, Bob(1, 2, 3)).Misplaced);
    }

    [Fact]
    public void An_acknowledgement_of_another_position_is_found()
    {
        var ann = Ann(1, 2, 3);

        var verdict = Verify(ann with { Sent = [ann.Sent[0] with { Position = At(2) }, .. ann.Sent.Skip(1)] }, Bob(1, 2, 3));

        Assert.Single(verdict.Misplaced);
    }

    [Fact]
    public void An_acknowledgement_without_a_position_is_found()
    {
        var ann = Ann(1, 2, 3);

        Assert.Single(Verify(ann with { Sent = [ann.Sent[0] with { Position = null }, .. ann.Sent.Skip(1)] }, Bob(1, 2, 3)).Misplaced);
    }

    [Fact]
    public void A_message_that_no_client_sent_is_found()
    {
        var ann = Ann(1, 2, 3);

        Assert.Single(Verify(ann with { Sent = [.. ann.Sent.Take(2)] }, Bob(1, 2, 3)).Misplaced);
    }

    [Fact]
    public void A_refused_message_that_is_stored_is_found()
    {
        var ann = Ann(1, 2, 3);

        var verdict = Verify(ann with { Sent = [.. ann.Sent.Take(2), new Sent("ann 3", Outcome.NotStored)] }, Bob(1, 2, 3));

        Assert.Single(verdict.Misplaced);
    }

    [Fact]
    public void A_message_with_an_unknown_outcome_may_or_may_not_be_stored()
    {
        var ann = Ann(1, 2, 3);

        var verdict = Verify(
            ann with { Sent = [.. ann.Sent.Take(2), new Sent("ann 3", Outcome.Unknown), new Sent("ann 4", Outcome.Unknown)] }, Bob(1, 2, 3));

        Assert.Empty(verdict.Problems);
    }

    [Fact]
    public void Rooms_are_independent()
    {
        Assert.Empty(Verify(Ann(1, 2, 3), Log("bob", "other", 1, 2)).Problems);
    }

    [Fact]
    public void A_new_stream_is_clean_if_the_last_position_was_deleted_and_every_client_was_notified()
    {
        var (ann, bob) = InTwoStreams(new Seen(At(3), null, new SeenGap(Next(1), null, true)));

        Assert.Empty(Verify(new Losses(0, 1), ann, bob).Problems);
        Assert.NotEmpty(Verify(ann, bob).Misplaced);
        Assert.NotEmpty(Verify(ann, bob).WrongGaps);
    }

    [Fact]
    public void A_new_stream_without_a_reported_reset_is_found()
    {
        var (ann, bob) = InTwoStreams();

        Assert.NotEmpty(Verify(new Losses(0, 1), ann, bob).Misplaced);
    }

    [Fact]
    public void A_gap_around_messages_that_were_deleted_is_clean()
    {
        Assert.Empty(Verify(new Losses(1, 0), Ann(1, 2, 3, 4, 5), Bob(1, Gap(1, 4, 2), 4, 5)).Problems);
    }

    [Fact]
    public void An_acknowledgement_may_contain_the_position_of_the_messages_own_note()
    {
        var ann = WithNoteOf("ann 2");

        Assert.Empty(Verify(ann, ann with { Client = "bob", Sent = [] }).Problems);
    }

    [Fact]
    public void An_acknowledgement_with_the_position_of_another_messages_note_is_found()
    {
        var ann = WithNoteOf("ann 1");

        Assert.NotEmpty(Verify(ann, ann with { Client = "bob", Sent = [] }).Misplaced);
    }

    [Fact]
    public void A_message_is_lost_if_only_its_note_is_stored_and_no_stream_was_deleted()
    {
        var ann = WithNoteOf("ann 3") with { Sent = [new Sent("ann 1", Outcome.Acknowledged, At(1)), new Sent("ann 3", Outcome.Acknowledged, At(2)), new Sent("ann 2", Outcome.Unknown)] };
        var bob = ann with { Client = "bob", Sent = [] };

        Assert.Single(Verify(ann, bob).Lost);
        var verdict = Verify(new Losses(0, 1), ann, bob);
        Assert.Empty(verdict.Problems);
        Assert.Equal(1, verdict.Unseen);
    }

    [Fact]
    public void A_visitor_that_joins_late_and_leaves_early_is_clean()
    {
        Assert.Empty(Verify(Ann(1, 2, 3, 4, 5), Bob(2, 3, 4) with { IsVisitor = true }).Problems);
        Assert.Single(Verify(Ann(1, 2, 3, 4, 5), Bob(2, 4) with { IsVisitor = true }).Lost);
    }

    [Fact]
    public void A_message_that_was_deleted_when_it_arrived_is_that_which_others_saw()
    {
        Assert.Empty(Verify(Ann(1, 2, 3), Bob(1, Message(2, Verifier.Deleted), 3)).Problems);
        Assert.Single(Verify(Ann(1, 2, 3), Bob(1, Message(2, Verifier.Deleted), Message(2, Verifier.Deleted), 3)).Duplicates);
        Assert.Single(Verify(Ann(1, 2, 3, 4), Bob(1, Message(2, Verifier.Deleted), 4)).Lost);
    }

    [Fact]
    public void A_deleted_message_that_nobody_saw_is_that_which_was_acknowledged_at_its_position()
    {
        var ann = Ann(1, 2, 3);
        ann = ann with { Seen = [ann.Seen[0], Message(2, Verifier.Deleted), ann.Seen[2]] };

        Assert.Empty(Verify(ann, Bob(1, Message(2, Verifier.Deleted), 3)).Problems);
    }

    [Fact]
    public void A_deleted_message_that_nobody_saw_or_sent_is_the_same_for_all()
    {
        var ann = Ann(1, 2, 3);
        ann = ann with { Seen = [ann.Seen[0], Message(2, Verifier.Deleted), ann.Seen[2]], Sent = [ann.Sent[0], ann.Sent[2]] };

        Assert.Empty(Verify(ann, Bob(1, Message(2, Verifier.Deleted), 3)).Problems);
        Assert.Single(Verify(ann, Bob(1, 3)).Lost);
    }

    /// <summary>Two clients receive three messages of a stream, the given items in between, and one message of the next stream.</summary>
    private static (ClientLog Ann, ClientLog Bob) InTwoStreams(params Seen[] between)
    {
        var bob = Bob(1, 2, 3);
        bob = bob with { Seen = [.. bob.Seen, .. between, new Seen(Next(1), "ann 4")] };
        return (Ann(1, 2, 3) with { Seen = bob.Seen, Sent = [.. Ann(1, 2, 3).Sent, new Sent("ann 4", Outcome.Acknowledged, Next(1))] }, bob);
    }

    /// <summary>One client has sent two messages. A note precedes the second, whose acknowledgement contains the position of the note.</summary>
    private static ClientLog WithNoteOf(string text) => Log("ann", "lobby", 1) with
    {
        Seen = [Message(1, "ann 1"), Message(2, $"{Verifier.Note}{Verifier.Beginning(text)}:x"), Message(3, "ann 2")],
        Sent = [new Sent("ann 1", Outcome.Acknowledged, At(1)), new Sent("ann 2", Outcome.Acknowledged, At(2))],
    };

    private static MessagePosition Next(int sequence) => new("f", sequence);

    private static Verdict Verify(Losses losses, params ClientLog[] logs) =>
        Verifier.Verify(logs, Capacity, new Dictionary<string, Losses> { ["lobby"] = losses });

    private static Verdict Verify(params ClientLog[] logs) => Verifier.Verify(logs, Capacity);

    /// <summary>A client that has sent all messages of the room.</summary>
    private static ClientLog Ann(params int[] seen) => Log("ann", "lobby", [.. seen.Select(static i => (object)i)]) with
    {
        Sent = [.. seen.Order().Select(static i => new Sent($"ann {i}", Outcome.Acknowledged, At(i)))],
    };

    /// <summary>A client that has sent nothing.</summary>
    private static ClientLog Bob(params object[] seen) => Log("bob", "lobby", seen);

    private static ClientLog Log(string client, string room, params object[] seen)
    {
        var all = seen.Select(one => one is int i ? Message(i, $"{(room == "lobby" ? "ann" : client)} {i}") : (Seen)one).ToList();
        return new ClientLog(
            client,
            room,
            all,
            room == "lobby" ? [] : [.. all.Select(static one => new Sent(one.Text!, Outcome.Acknowledged, one.Position))]);
    }

    private static Seen Message(int sequence, string text) => new(At(sequence), text);

    private static Seen Gap(int after, int next, int missed) => new(At(after), null, new SeenGap(At(next), missed, false));

    private static MessagePosition At(int sequence) => sequence == 0 ? MessagePosition.None : new MessagePosition("e", sequence);
}

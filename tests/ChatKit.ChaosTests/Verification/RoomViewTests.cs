using ChatKit.TestKit.Client;
using ChatKit.TestKit.Verification;

namespace ChatKit.ChaosTests.Verification;

public class RoomViewTests
{
    [Fact]
    public void A_view_with_all_changes_agrees_with_the_store()
    {
        var view = View(1, 2, 3);

        Change(view, 2, 1, Edits.Apply("m2", 1));
        Change(view, 1, 2, null);
        Change(view, 2, 3, Edits.Apply("m2", 2));

        Assert.Empty(view.Problems);
        Assert.Empty(view.Compare([Stored(1, null), Stored(2, Edits.Apply("m2", 2)), Stored(3, "m3")]));
        Assert.Equal(3, view.Changes);
    }

    [Fact]
    public void A_missing_edit_is_a_disagreement()
    {
        Assert.Single(View(1, 2).Compare([Stored(1, "m1"), Stored(2, Edits.Apply("m2", 1))]));
    }

    [Fact]
    public void A_missing_deletion_is_a_disagreement()
    {
        Assert.Single(View(1, 2).Compare([Stored(1, null), Stored(2, "m2")]));
    }

    [Fact]
    public void A_missing_message_is_a_disagreement_unless_it_is_in_a_gap()
    {
        var view = View(1);
        view.Add(new GapFound("lobby", "e:1", "e:3", 1, false));
        view.Add(At(3), "m3");

        Assert.Empty(view.Compare([Stored(2, "m2"), Stored(3, "m3")]));
        Assert.Single(View(1, 3).Compare([Stored(2, "m2"), Stored(3, "m3")]));
    }

    [Fact]
    public void Another_last_position_is_a_disagreement()
    {
        Assert.Single(View(1, 2).Compare([Stored(2, "m2") with { Position = new MessagePosition("f", 2) }]));
    }

    [Fact]
    public void A_visitor_need_not_have_what_was_sent_before_it_joined()
    {
        var view = new RoomView("bob", "lobby", isVisitor: true);
        view.Add(At(2), "m2");
        Change(view, 1, 4, null);

        Assert.Empty(view.Problems);
        Assert.Empty(view.Compare([Stored(1, null), Stored(2, "m2")]));
    }

    [Fact]
    public void A_change_before_its_message_is_found()
    {
        Assert.Single(Problems(2, 1, "m2"));
    }

    [Fact]
    public void A_change_with_the_text_of_another_message_is_found()
    {
        Assert.Single(Problems(1, 1, Edits.Apply("m2", 1)));
    }

    [Fact]
    public void Changes_of_a_room_that_are_not_in_the_order_of_their_revisions_are_found()
    {
        var view = View(1, 2);

        Change(view, 1, 2, null);
        Change(view, 2, 1, null);

        Assert.Single(view.Problems);
    }

    [Fact]
    public void An_older_change_of_the_same_message_is_ignored()
    {
        var view = View(1);

        Change(view, 1, 2, Edits.Apply("m1", 2));
        Change(view, 1, 1, Edits.Apply("m1", 1));
        Change(view, 1, 2, Edits.Apply("m1", 2));

        Assert.Empty(view.Problems);
        Assert.Equal(2, view.Stale);
        Assert.Empty(view.Compare([Stored(1, Edits.Apply("m1", 2))]));
    }

    [Fact]
    public void A_change_that_is_part_of_the_message_already_changes_nothing()
    {
        var view = View();
        view.Add(At(1), Edits.Apply("m1", 2));

        Change(view, 1, 5, Edits.Apply("m1", 2));

        Assert.Empty(view.Problems);
        Assert.Equal(1, view.Stale);
    }

    [Fact]
    public void A_message_that_becomes_older_or_comes_back_is_found()
    {
        var view = View();
        view.Add(At(1), Edits.Apply("m1", 2));
        view.Add(At(2), null);

        Change(view, 1, 5, Edits.Apply("m1", 1));
        Change(view, 2, 6, "m2");

        Assert.Equal(2, view.Problems.Count);
    }

    [Fact]
    public void Live_with_a_revision_before_the_last_change_is_found()
    {
        var view = View(1);
        Change(view, 1, 5, null);

        view.Add(new BecameLive("lobby", "e:1", true, Revision: 4));

        Assert.Single(view.Problems);
    }

    [Fact]
    public void A_change_of_a_message_whose_epoch_has_changed_is_applied()
    {
        var view = View(1, 2);

        view.Apply(new MessageChanged("lobby", "f:1", 1, null, null, true));

        Assert.Empty(view.Problems);
        Assert.Empty(view.Compare([Stored(1, null), Stored(2, "m2")]));
    }

    [Fact]
    public void After_a_reset_messages_and_revisions_start_again()
    {
        var view = View(1, 2);
        Change(view, 1, 5, null);

        view.Add(new GapFound("lobby", "e:2", "f:1", null, true));
        view.Add(new MessagePosition("f", 1), "m3");
        view.Apply(new MessageChanged("lobby", "f:1", 1, null, null, true));

        Assert.Empty(view.Problems);
        Assert.Empty(view.Compare([new Stored(new MessagePosition("f", 1), null)]));
    }

    private static List<string> Problems(int sequence, int revision, string? text)
    {
        var view = View(1);
        Change(view, sequence, revision, text);
        return view.Problems;
    }

    private static void Change(RoomView view, int sequence, int revision, string? text) =>
        view.Apply(new MessageChanged("lobby", $"{At(sequence)}", revision, text, null, text is null));

    private static RoomView View(params int[] sequences)
    {
        var view = new RoomView("bob", "lobby", isVisitor: false);
        foreach (var sequence in sequences)
            view.Add(At(sequence), $"m{sequence}");
        return view;
    }

    private static Stored Stored(int sequence, string? text) => new(At(sequence), text);

    private static MessagePosition At(int sequence) => new("e", sequence);
}

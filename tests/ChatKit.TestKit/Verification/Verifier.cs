namespace ChatKit.TestKit.Verification;

/// <summary>
/// Compares what the clients have seen with what was promised: one order for all, each message once or in an announced gap, those of a
/// sender in the order in which it sent them, each where its acknowledgement says.
/// </summary>
/// <param name="historyCapacity">How many messages a room keeps: who has missed no more has no gap.</param>
public sealed class Verifier(int historyCapacity)
{
    private readonly Verdict _verdict = new();

    /// <summary>Verifies everything that has happened in rooms whose stream began, and did not begin anew, while these clients were there.</summary>
    public static Verdict Verify(IEnumerable<ClientLog> logs, int historyCapacity = 100)
    {
        var verifier = new Verifier(historyCapacity);
        foreach (var room in logs.GroupBy(static log => log.Room))
            verifier.VerifyRoom([.. room]);
        return verifier._verdict;
    }

    private void VerifyRoom(ClientLog[] logs)
    {
        var order = OrderOf(logs);
        var top = order.Count == 0 ? 0 : order.Keys.Last();
        foreach (var log in logs)
            VerifyReader(log, top);
        VerifySenders(logs, order);
        foreach (var log in logs)
            VerifyAcknowledged(log, order, top);
    }

    /// <summary>The room's one order, as all clients together have seen it.</summary>
    private SortedDictionary<long, string> OrderOf(ClientLog[] logs)
    {
        var order = new SortedDictionary<long, string>();
        var places = new Dictionary<string, long>();
        string? epoch = null;
        foreach (var log in logs)
        {
            foreach (var (position, text, _) in log.Seen.Where(static seen => seen.Text is not null))
            {
                epoch ??= position.Epoch;
                if (position.Epoch != epoch)
                    _verdict.Misplaced.Add($"{log.Client}: {position} is of another stream than {epoch}");
                else if (!order.TryAdd(position.Sequence, text!) && order[position.Sequence] != text)
                    _verdict.Misplaced.Add($"{log.Client}: at {position} is '{Short(text!)}', for others '{Short(order[position.Sequence])}'");
                else if (!places.TryAdd(text!, position.Sequence) && places[text!] != position.Sequence)
                    _verdict.Doubled.Add($"{log.Room}: '{Short(text!)}' is stored at {places[text!]} and at {position.Sequence}");
            }
        }

        return order;
    }

    private void VerifyReader(ClientLog log, long top)
    {
        var had = new HashSet<string>();
        var last = 0L;
        Seen? gap = null;
        foreach (var seen in log.Seen)
        {
            if (seen.Text is null)
            {
                if (gap is not null || !IsRight(seen, last, top))
                    _verdict.WrongGaps.Add($"{log.Client}: after {last} of {top} came {seen}");
                gap = seen;
                continue;
            }

            var sequence = seen.Position.Sequence;
            if (!had.Add(seen.Text))
                _verdict.Doubled.Add($"{log.Client}: '{Short(seen.Text)}' came again at {sequence}");
            else if (sequence <= last)
                _verdict.Reordered.Add($"{log.Client}: {sequence} came after {last}");
            else if (gap is { Gap.Next: { } next } && next != seen.Position)
                _verdict.WrongGaps.Add($"{log.Client}: a gap ends at {next}, and {sequence} came");
            else if (gap is null && sequence > last + 1)
                _verdict.Lost.Add($"{log.Client}: between {last} and {sequence} nothing came");
            last = Math.Max(last, sequence);
            gap = null;
        }

        if (gap is not null)
            _verdict.WrongGaps.Add($"{log.Client}: nothing came after {gap}");
        else if (last < top)
            _verdict.Lost.Add($"{log.Client}: nothing came after {last}, and the room goes on to {top}");
    }

    /// <summary>Whether a gap begins at the last message, is as large as it says, and ends where the room could not have had more stored.</summary>
    private bool IsRight(Seen seen, long last, long top) =>
        seen.Gap is { IsReset: false, Next: { } next, Missed: { } missed }
        && seen.Position.Sequence == last
        && (last == 0 || next.Epoch == seen.Position.Epoch)
        && missed == next.Sequence - last - 1
        && missed > 0
        && next.Sequence + historyCapacity - 1 <= top;

    private void VerifySenders(ClientLog[] logs, SortedDictionary<long, string> order)
    {
        var sent = new Dictionary<string, (string Sender, int Number)>();
        foreach (var log in logs)
        {
            for (var i = 0; i < log.Sent.Count; i++)
                sent.Add(log.Sent[i].Text, (log.Client, i));
        }

        var latest = new Dictionary<string, int>();
        foreach (var (sequence, text) in order)
        {
            if (!sent.TryGetValue(text, out var origin))
                _verdict.Misplaced.Add($"{logs[0].Room}: at {sequence} is '{Short(text)}', which nobody has sent");
            else if (latest.TryGetValue(origin.Sender, out var before) && before >= origin.Number)
                _verdict.Reordered.Add($"{origin.Sender}: its message {origin.Number} is at {sequence}, behind its message {before}");
            else
                latest[origin.Sender] = origin.Number;
        }
    }

    private void VerifyAcknowledged(ClientLog log, SortedDictionary<long, string> order, long top)
    {
        foreach (var sent in log.Sent)
        {
            if (sent.Outcome == Outcome.NotStored && order.ContainsValue(sent.Text))
                _verdict.Misplaced.Add($"{log.Client}: '{Short(sent.Text)}' was refused, and is there");
            if (sent.Outcome != Outcome.Acknowledged)
                continue;
            if (sent.Position is not { Sequence: > 0 } position)
                _verdict.Misplaced.Add($"{log.Client}: '{Short(sent.Text)}' was acknowledged without a position");
            else if (position.Sequence > top)
                _verdict.Lost.Add($"{log.Client}: '{Short(sent.Text)}' was acknowledged at {position.Sequence}, and nobody got it");
            else if (order.TryGetValue(position.Sequence, out var there) && there != sent.Text)
                _verdict.Misplaced.Add($"{log.Client}: '{Short(sent.Text)}' was acknowledged at {position.Sequence}, where '{Short(there)}' is");
        }
    }

    /// <summary>Texts are long, and their beginning says which one it is.</summary>
    private static string Short(string text) => text.Length <= 16 ? text : text[..16];
}

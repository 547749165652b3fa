namespace ChatKit.TestKit.Verification;

/// <summary>
/// Checks the guarantees against what the clients received: one order for all, each message once or in an announced gap, the messages of a
/// sender in the order in which it sent them, and each message at the position of its acknowledgement.
/// </summary>
/// <param name="historyCapacity">The number of messages that a room keeps. A client that missed no more than that has no gap.</param>
public sealed class Verifier(int historyCapacity)
{
    /// <summary>The prefix of the notes that a server randomly adds to messages. The sender and the number of the message follow it.</summary>
    public const string Note = "note:";

    /// <summary>The text of a message that was deleted when it arrived.</summary>
    public const string Deleted = "\0deleted";

    private readonly Verdict _verdict = new();

    /// <summary>Verifies rooms whose stream started while these clients, except visitors, were in them.</summary>
    /// <param name="logs">What each client has received and sent.</param>
    /// <param name="historyCapacity">The number of messages that a room keeps.</param>
    /// <param name="losses">The deletions from the store, for each affected room.</param>
    public static Verdict Verify(
        IEnumerable<ClientLog> logs, int historyCapacity = 100, IReadOnlyDictionary<string, Losses>? losses = null)
    {
        var verifier = new Verifier(historyCapacity);
        foreach (var room in logs.GroupBy(static log => log.Room))
            verifier.VerifyRoom(WithDeletedTexts([.. room]), losses?.GetValueOrDefault(room.Key) ?? default);
        return verifier._verdict;
    }

    private void VerifyRoom(ClientLog[] logs, Losses losses)
    {
        var streams = StreamsOf(logs);
        var epochs = InOrder(logs, [.. streams.Keys]);
        if (epochs.Count > losses.Streams + 1)
            _verdict.Misplaced.Add($"{logs[0].Room}: has the streams {string.Join(", ", epochs)}, and was lost {losses.Streams} times");
        var last = epochs.Count == 0 ? MessagePosition.None : new MessagePosition(epochs[^1], streams[epochs[^1]].Keys.Last());
        foreach (var log in logs)
            VerifyReader(log, streams, last, losses);
        VerifySenders(logs, epochs.SelectMany(epoch => streams[epoch].Select(one => (new MessagePosition(epoch, one.Key), one.Value))));
        var places = streams
            .SelectMany(static stream => stream.Value.Select(one => (one.Value, At: new MessagePosition(stream.Key, one.Key))))
            .DistinctBy(static one => one.Value)
            .ToDictionary(static one => one.Value, static one => one.At);
        foreach (var log in logs)
            VerifyAcknowledged(log, streams, places, last, losses);
    }

    /// <summary>
    /// Replaces the missing texts of deleted messages by what other clients saw, or what was acknowledged at their positions. A message that
    /// nobody saw has the same text for all.
    /// </summary>
    private static ClientLog[] WithDeletedTexts(ClientLog[] logs)
    {
        if (!logs.Any(static log => log.Seen.Any(static seen => seen.Text == Deleted)))
            return logs;
        var texts = logs
            .SelectMany(static log => log.Seen
                .Where(static seen => seen.Text is not (null or Deleted))
                .Select(static seen => (seen.Position, seen.Text!)))
            .Concat(logs.SelectMany(static log => log.Sent
                .Where(static sent => sent.Position is not null)
                .Select(static sent => (sent.Position!.Value, sent.Text))))
            .DistinctBy(static one => one.Item1)
            .ToDictionary();
        return
        [
            .. logs.Select(log => log with
            {
                Seen = [.. log.Seen.Select(seen => seen.Text == Deleted
                    ? seen with { Text = texts.GetValueOrDefault(seen.Position, $"{Deleted} {seen.Position}") }
                    : seen)],
            }),
        ];
    }

    /// <summary>The messages by position in each stream of the room, as reported by all clients together.</summary>
    private Dictionary<string, SortedDictionary<long, string>> StreamsOf(ClientLog[] logs)
    {
        var streams = new Dictionary<string, SortedDictionary<long, string>>();
        var places = new Dictionary<string, MessagePosition>();
        foreach (var log in logs)
        {
            foreach (var (position, text, _) in log.Seen.Where(static seen => seen.Text is not null))
            {
                if (!streams.TryGetValue(position.Epoch, out var order))
                    streams.Add(position.Epoch, order = []);
                if (!order.TryAdd(position.Sequence, text!) && order[position.Sequence] != text)
                    _verdict.Misplaced.Add($"{log.Client}: at {position} is '{Short(text!)}', for others '{Short(order[position.Sequence])}'");
                else if (!places.TryAdd(text!, position) && places[text!] != position)
                    _verdict.Duplicates.Add($"{log.Room}: '{Short(text!)}' is stored at {places[text!]} and at {position}");
            }
        }

        return streams;
    }

    /// <summary>The streams in the order in which the clients received them.</summary>
    private List<string> InOrder(ClientLog[] logs, List<string> epochs)
    {
        var follows = logs.SelectMany(static log =>
        {
            var own = log.Seen.Where(static seen => seen.Text is not null).Select(static seen => seen.Position.Epoch);
            return own.Zip(own.Skip(1)).Where(static pair => pair.First != pair.Second);
        }).ToHashSet();
        var ordered = new List<string>();
        while (epochs.Count > 0)
        {
            var next = epochs.Find(epoch => !follows.Any(pair => pair.Second == epoch && epochs.Contains(pair.First)));
            if (next is null)
            {
                _verdict.Reordered.Add($"{logs[0].Room}: the streams {string.Join(", ", epochs)} came in no one order");
                next = epochs[0];
            }

            epochs.Remove(next);
            ordered.Add(next);
        }

        return ordered;
    }

    private void VerifyReader(
        ClientLog log, Dictionary<string, SortedDictionary<long, string>> streams, MessagePosition top, Losses losses)
    {
        var had = new HashSet<string>();
        var last = MessagePosition.None;
        var started = !log.IsVisitor;
        Seen? gap = null;
        foreach (var seen in log.Seen)
        {
            if (seen.Text is null)
            {
                if (!IsRight(seen, started ? last : seen.Position, losses))
                    _verdict.WrongGaps.Add($"{log.Client}: after {last} of {top} came {seen}");
                gap = seen;
                started = true;
                last = seen.Gap switch
                {
                    { Next: { } next } => next with { Sequence = next.Sequence - 1 },
                    { IsReset: true } => MessagePosition.None,
                    _ => last,
                };
                continue;
            }

            var (epoch, sequence) = seen.Position;
            if (!had.Add(seen.Text))
                _verdict.Duplicates.Add($"{log.Client}: '{Short(seen.Text)}' came again at {seen.Position}");
            else if (gap is { Gap.Next: { } next } && next != seen.Position)
                _verdict.WrongGaps.Add($"{log.Client}: a gap ends at {next}, and {seen.Position} came");
            else if (gap is { Gap.Next: not null } && !IsWhereNoMoreWasStored(seen.Position, streams[epoch], losses))
                _verdict.WrongGaps.Add($"{log.Client}: {gap} came, and more was stored");
            else if (started && last.Sequence > 0 && epoch != last.Epoch)
                _verdict.Misplaced.Add($"{log.Client}: {seen.Position} is of another stream than {last}, and no gap says so");
            else if (started && sequence <= last.Sequence)
                _verdict.Reordered.Add($"{log.Client}: {seen.Position} came after {last}");
            else if (started && sequence > last.Sequence + 1)
                _verdict.Lost.Add($"{log.Client}: between {last.Sequence} and {sequence} nothing came");
            if (!started || epoch != last.Epoch || sequence > last.Sequence)
                last = seen.Position;
            gap = null;
            started = true;
        }

        if (log.IsVisitor)
            return;
        if (gap is not null)
            _verdict.WrongGaps.Add($"{log.Client}: nothing came after {gap}");
        else if (last != top)
            _verdict.Lost.Add($"{log.Client}: nothing came after {last.Sequence}, and the room goes on to {top.Sequence}");
    }

    /// <summary>Whether a gap starts at the last message and has the stated size. A reset requires a loss.</summary>
    private static bool IsRight(Seen seen, MessagePosition last, Losses losses) => seen.Gap switch
    {
        { IsReset: true, Missed: null } gap => losses.Streams > 0 && (gap.Next is not { } next || next.Epoch != seen.Position.Epoch),
        { IsReset: false, Next: { } next, Missed: { } missed } =>
            seen.Position.Sequence == last.Sequence
            && (last.Sequence == 0 || (next.Epoch == seen.Position.Epoch && next.Epoch == last.Epoch))
            && missed == next.Sequence - last.Sequence - 1
            && missed > 0,
        _ => false,
    };

    /// <summary>Whether a gap ends where the room could not have stored earlier messages.</summary>
    private bool IsWhereNoMoreWasStored(MessagePosition next, SortedDictionary<long, string> stream, Losses losses) =>
        next.Sequence == 1 || losses.Messages > 0 || next.Sequence + historyCapacity - 1 <= stream.Keys.Last();

    private void VerifySenders(ClientLog[] logs, IEnumerable<(MessagePosition Position, string Text)> order)
    {
        var sent = new Dictionary<string, (string Sender, int Number)>();
        foreach (var log in logs)
        {
            for (var i = 0; i < log.Sent.Count; i++)
                sent.Add(log.Sent[i].Text, (log.Client, i));
        }

        var latest = new Dictionary<string, int>();
        foreach (var (position, text) in order.Where(static one => HasSender(one.Text)))
        {
            if (!sent.TryGetValue(text, out var origin))
                _verdict.Misplaced.Add($"{logs[0].Room}: at {position} is '{Short(text)}', which nobody has sent");
            else if (latest.TryGetValue(origin.Sender, out var before) && before >= origin.Number)
                _verdict.Reordered.Add($"{origin.Sender}: its message {origin.Number} is at {position}, behind its message {before}");
            else
                latest[origin.Sender] = origin.Number;
        }
    }

    private static bool HasSender(string text) =>
        !text.StartsWith(Note, StringComparison.Ordinal) && !text.StartsWith(Deleted, StringComparison.Ordinal);

    private void VerifyAcknowledged(
        ClientLog log,
        Dictionary<string, SortedDictionary<long, string>> streams,
        Dictionary<string, MessagePosition> places,
        MessagePosition last,
        Losses losses)
    {
        foreach (var sent in log.Sent)
        {
            MessagePosition? place = places.TryGetValue(sent.Text, out var at) ? at : null;
            if (sent.Outcome == Outcome.NotStored && place is not null)
                _verdict.Misplaced.Add($"{log.Client}: '{Short(sent.Text)}' was refused, and is there");
            if (sent.Outcome != Outcome.Acknowledged)
                continue;
            if (sent.Position is not { Sequence: > 0 } position)
            {
                _verdict.Misplaced.Add($"{log.Client}: '{Short(sent.Text)}' was acknowledged without a position");
                continue;
            }

            // If the message was sent again, this can be the position of a note, and the message can be in a stream that was deleted since.
            var stream = streams.GetValueOrDefault(position.Epoch) ?? [];
            var there = stream.GetValueOrDefault(position.Sequence);
            if (there is not null && there != sent.Text && !IsNoteOf(sent.Text, there))
                _verdict.Misplaced.Add($"{log.Client}: '{Short(sent.Text)}' was acknowledged at {position}, where '{Short(there)}' is");
            else if (place is not null)
                continue;
            else if (position.Epoch == last.Epoch && !HasGapFrom(position.Sequence, stream) && (there is null || losses.Streams == 0))
                _verdict.Lost.Add($"{log.Client}: '{Short(sent.Text)}' was acknowledged at {position}, and nobody got it");
            else
                _verdict.Unseen++;
        }
    }

    /// <summary>Whether a message at or after a sequence was received by no client, because all clients had a gap there.</summary>
    private static bool HasGapFrom(long sequence, SortedDictionary<long, string> stream) =>
        stream.Count > 0 && stream.Keys.Count(key => key >= sequence) < stream.Keys.Last() - sequence + 1;

    /// <summary>Whether a text is a note that a server added to a message. The acknowledgement then contains the position of the note.</summary>
    private static bool IsNoteOf(string text, string note) => note.StartsWith($"{Note}{Beginning(text)}:", StringComparison.Ordinal);

    /// <summary>The unique start of a bot's message: its sender and its number.</summary>
    public static string Beginning(string text) => text[..(text.IndexOf(':', text.IndexOf(':') + 1) is var end and > 0 ? end : text.Length)];

    /// <summary>Shortens a text to its start, which identifies it.</summary>
    private static string Short(string text) => text.Length <= 16 ? text : text[..16];
}

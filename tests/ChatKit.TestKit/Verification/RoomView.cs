using ChatKit.TestKit.Client;

namespace ChatKit.TestKit.Verification;

/// <summary>
/// What an application shows of a room: the latest messages as they are now. It checks each change when it arrives. Not thread-safe.
/// </summary>
/// <param name="client">The name of the client.</param>
/// <param name="room">The room.</param>
/// <param name="isVisitor">Whether the client joined after the first message.</param>
public sealed class RoomView(string client, string room, bool isVisitor)
{
    /// <summary>More than a room stores, so that everything that is stored can be compared.</summary>
    private const int Capacity = 250;

    private readonly Dictionary<long, Shown> _messages = [];

    /// <summary>The sequences that are in announced gaps.</summary>
    private readonly List<(long First, long Last)> _gaps = [];

    /// <summary>The sequence of the first message that can be here; null if none can.</summary>
    private long? _first = isVisitor ? null : 1;
    private long _revision;

    /// <summary>The position of the last message.</summary>
    public MessagePosition Top { get; private set; }

    /// <summary>The number of changes that changed a message.</summary>
    public int Changes { get; private set; }

    /// <summary>The number of changes that changed nothing.</summary>
    public int Stale { get; private set; }

    /// <summary>Changes that contradict the messages, or that came out of order.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>The text and the current position of a message; null if it was deleted, or is not here.</summary>
    public (MessagePosition Position, string Original)? Find(long sequence) =>
        _messages.TryGetValue(sequence, out var shown) && shown.Text is { } text
            ? (Top with { Sequence = sequence }, Edits.Split(text).Original)
            : null;

    /// <param name="at">The position of the message.</param>
    /// <param name="text">Its present text; null if it was deleted.</param>
    public void Add(MessagePosition at, string? text)
    {
        _first ??= at.Sequence;
        Top = at;
        _messages[at.Sequence] = new Shown(text, 0);
        if (_messages.Remove(at.Sequence - Capacity))
            _first = Math.Max(_first.Value, at.Sequence - Capacity + 1);
    }

    public void Apply(MessageChanged change)
    {
        var (sequence, text) = (MessagePosition.Parse(change.Position).Sequence, change.IsDeleted ? null : change.Text);
        var isInOrder = change.Revision > _revision;
        _revision = Math.Max(_revision, change.Revision);
        if (Top.Sequence == 0)
            return; // It is of a message from before a reset.
        if (sequence > Top.Sequence)
        {
            Report(change, $"came before its message, after {Top}");
            return;
        }

        if (!_messages.TryGetValue(sequence, out var shown))
        {
            if (IsExpected(sequence))
                Report(change, "is of a message that is neither here nor in a gap");
            return;
        }

        if (change.Revision <= shown.Revision)
        {
            Stale++;
            return;
        }

        if (!isInOrder)
            Report(change, $"came after revision {_revision}");
        if (shown.Text is null && text is not null)
            Report(change, "brings a deleted message back");
        if (shown.Text is not null && text is not null)
            Compare(change, Edits.Split(shown.Text), Edits.Split(text));

        // A client that has lost its connection before live does not know that the message arrived with this change.
        if (shown.Text == text)
            Stale++;
        else
            Changes++;
        _messages[sequence] = new Shown(text, change.Revision);
    }

    public void Add(GapFound gap)
    {
        long? next = gap.Next is null ? null : MessagePosition.Parse(gap.Next).Sequence;
        if (gap.IsReset)
        {
            _messages.Clear();
            _gaps.Clear();
            (_first, _revision, Top) = (1, 0, MessagePosition.None);
        }

        if (next is not { } end)
            return;
        _gaps.Add((gap.IsReset ? 1 : MessagePosition.Parse(gap.After).Sequence + 1, end - 1));
        foreach (var old in _messages.Keys.Where(sequence => sequence <= end - Capacity).ToList())
            _messages.Remove(old);
        _first = Math.Max(_first ?? 1, end - Capacity + 1);
    }

    public void Add(BecameLive live)
    {
        if (live.Revision < _revision)
            Problems.Add($"{client} in {room}: is live at revision {live.Revision}, after {_revision}");
        _revision = Math.Max(_revision, live.Revision);
    }

    /// <summary>Returns how this differs from what is stored.</summary>
    /// <param name="stored">The messages, oldest first.</param>
    public IEnumerable<string> Compare(IReadOnlyCollection<Stored> stored)
    {
        if (stored.Count > 0 && stored.Last().Position != Top)
            yield return $"{client} in {room}: is at {Top}, and {stored.Last().Position} is stored";
        foreach (var (position, text) in stored)
        {
            if (!_messages.TryGetValue(position.Sequence, out var shown))
            {
                if (IsExpected(position.Sequence))
                    yield return $"{client} in {room}: lacks {position}, which is in no gap";
            }
            else if (shown.Text != text)
            {
                yield return $"{client} in {room}: shows {Name(shown.Text)} at {position} (revision {shown.Revision}), where {Name(text)} is stored";
            }
        }
    }

    /// <summary>Forgets the messages, because the client has left the room.</summary>
    public void End()
    {
        _messages.Clear();
        _gaps.Clear();
    }

    private bool IsExpected(long sequence) =>
        sequence >= _first && !_gaps.Exists(gap => gap.First <= sequence && sequence <= gap.Last);

    private void Compare(MessageChanged change, (string Original, int Number) before, (string Original, int Number) after)
    {
        if (before.Original != after.Original)
            Report(change, $"makes {Name(after.Original)} of {Name(before.Original)}");
        else if (after.Number < before.Number)
            Report(change, $"brings edit {after.Number} after edit {before.Number}");
    }

    private void Report(MessageChanged change, string problem) =>
        Problems.Add($"{client} in {room}: the change of {change.Position} with revision {change.Revision} {problem}");

    private static string Name(string? text)
    {
        if (text is null)
            return "a deleted message";
        var (original, number) = Edits.Split(text);
        return $"'{Verifier.Beginning(original)}' with edit {number}";
    }

    /// <param name="Text">The present text; null if it was deleted.</param>
    /// <param name="Revision">The revision of the last change that arrived; 0 if the message arrived like this.</param>
    private readonly record struct Shown(string? Text, long Revision);
}

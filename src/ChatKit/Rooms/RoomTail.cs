namespace ChatKit.Rooms;

/// <summary>
/// The latest messages of a room, with no gaps, up to the last accepted one, and the latest changes. They are read once for all members that
/// join or catch up, and kept up to date with the messages and changes that the room accepts. The room's lock guards them.
/// </summary>
internal sealed class RoomTail
{
    /// <summary>
    /// The number of bytes of accepted messages that are kept while a member catches up. Far more than arrive while one page is read, even if
    /// the reader loses its processor meanwhile, so that a member catches up however fast others send.
    /// </summary>
    private const int UsualLimit = 1024 * 1024;

    /// <summary>The number of messages that are kept, however large they are: about as many as a history has.</summary>
    private const int AtLeast = 128;

    /// <summary>Each member reads a page larger than this itself, because a node must not keep many such pages in memory.</summary>
    private const int Limit = 16 * 1024 * 1024;

    private readonly Queue<RoomItem> _messages = new();
    private int _bytes;

    /// <summary>
    /// By sequence, the messages that were changed after <see cref="_changesFrom"/>, as they are now. They replace those in
    /// <see cref="_messages"/>. Null if there are none.
    /// </summary>
    private Dictionary<long, RoomItem>? _changed;
    private int _changedBytes;

    /// <summary>The revision after which all changes are here; null if unknown.</summary>
    private long? _changesFrom;

    /// <summary>The position before the first message; null if nothing is kept.</summary>
    private MessagePosition? _start;

    /// <summary>Whether the first message is the oldest one that was stored when the page was read, and no message was dropped since.</summary>
    private bool _isWhole;

    public IEnumerable<RoomItem> Messages => _changed is null ? _messages : _messages.Select(Current);

    /// <summary>Whether this contains more than the messages that were accepted since a member began to wait.</summary>
    public bool HasPage { get; private set; }

    /// <summary>Whether a member has needed the messages since the last check.</summary>
    public bool IsUsed { get; set; }

    /// <summary>
    /// Starts to keep the messages and changes that are accepted after a position. If it is null, starts after the first one that is
    /// accepted.
    /// </summary>
    public void Begin(MessagePosition? accepted, long? revision)
    {
        _start ??= accepted;
        _changesFrom ??= revision;
    }

    /// <summary>Adds an accepted message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="before">The last position that was accepted before it.</param>
    /// <param name="revision">The last revision that was accepted before it.</param>
    /// <param name="replay">The number of messages that a new member receives.</param>
    /// <param name="isAwaited">Whether a member is catching up. If not, nothing is kept that a new member would not receive.</param>
    public void Add(RoomItem message, MessagePosition? before, long? revision, int replay, bool isAwaited)
    {
        var position = message.Position.GetValueOrDefault();
        if (_start is null || before is not { } last || !position.Follows(last))
        {
            Clear();
            Begin(position with { Sequence = position.Sequence - 1 }, revision);
        }

        _messages.Enqueue(message);
        _bytes += message.Size;
        var limit = isAwaited ? UsualLimit : 0;
        while (_messages.Count > AtLeast && (_bytes > Limit || (_bytes > limit && _messages.Count > replay)))
        {
            var dropped = _messages.Dequeue();
            _bytes -= dropped.Size;
            _start = dropped.Position;
            _isWhole = false;
        }
    }

    /// <summary>Applies an accepted change.</summary>
    /// <param name="message">The message as it is now.</param>
    /// <param name="before">The last revision that was accepted before it.</param>
    public void Apply(RoomItem message, long before)
    {
        _changesFrom ??= before;
        Replace(message);
        if (_changedBytes > Limit)
            Clear();
    }

    /// <summary>Inserts a page before the messages that were accepted since it was read.</summary>
    /// <param name="page">The page.</param>
    /// <param name="accepted">The last position that was accepted.</param>
    /// <param name="revision">The last revision that was accepted.</param>
    /// <param name="isWhole">Whether the page contains all stored messages.</param>
    /// <param name="changesFrom">The revision after which the page has all changes.</param>
    public void Prepend(RoomPage page, MessagePosition accepted, long revision, bool isWhole, long changesFrom)
    {
        var start = page.Start;

        // The messages that were accepted since must begin where the page ends, or before.
        var joins = _start is { } own && own.IsOfStream(accepted) && own.Sequence <= page.Top.Sequence && own.Sequence >= start.Sequence;
        if (page.Top.Sequence < accepted.Sequence && !joins)
            return;

        // The page is of another stream, which the store has lost since, or the room has yet to accept messages before it.
        if (page.Top.Epoch != accepted.Epoch || start.Sequence > accepted.Sequence)
            return;

        // The changes that were accepted since must begin where those of the page end, or before.
        if (page.Revision < revision && !(_changesFrom <= page.Revision))
            return;

        RoomItem[] later = joins ? [.. _messages.Where(message => message.Position!.Value.Sequence > page.Top.Sequence)] : [];
        RoomItem[] changed = _changed is null ? [] : [.. _changed.Values.Where(item => item.Message!.Revision > page.Revision)];
        Clear();
        foreach (var message in page.Items.Where(message => message.Position!.Value.Sequence <= accepted.Sequence).Concat(later))
        {
            _messages.Enqueue(message);
            _bytes += message.Size;
        }

        foreach (var message in page.Changes.Concat(page.Items.Where(item => item.Message!.Revision > changesFrom)).Concat(changed))
            Replace(message);
        if (_bytes + _changedBytes > Limit)
        {
            Clear();
            Begin(accepted, revision);
            return;
        }

        (_start, _isWhole, HasPage, _changesFrom) = (start, isWhole, true, changesFrom);
    }

    /// <summary>Gets what a reader needs; null if not all of it is here.</summary>
    /// <param name="after">What the reader has; null if it has nothing. Without a revision, it needs no changes.</param>
    /// <param name="accepted">The last position that was accepted.</param>
    /// <param name="revision">The last revision that was accepted.</param>
    /// <param name="replay">The number of messages that a new member receives.</param>
    /// <param name="capacity">The number of messages that the history keeps.</param>
    public RoomPage? TryRead(StreamPosition? after, MessagePosition? accepted, long? revision, int replay, int capacity)
    {
        if (_start is not { } start || accepted is not { } top || !start.IsOfStream(top))
            return null;
        if (after is not { Message: var known })
            return HasPage && (_isWhole || _messages.Count >= replay) ? PageOf([.. Messages], top, revision, missed: 0, []) : null;

        // A reader that has nothing of any stream may have been notified that this one is lost. It can also know more than the room has
        // accepted. Only the history says what is still stored.
        if ((known == MessagePosition.None && top.Sequence > 0)
            || !known.IsOfStream(top) || known.Sequence > top.Sequence || after.Value.Revision > (revision ?? 0))
            return null;

        // A reader that is further back than the history reaches reads from the history, which reports the missing messages.
        if (known.Sequence < start.Sequence ? !_isWhole : top.Sequence - known.Sequence > capacity)
            return null;
        if (ChangesFor(after.Value, revision) is not { } changes)
            return null;
        var missed = Math.Max(0, start.Sequence - known.Sequence);
        return PageOf([.. Messages.Where(message => message.Position!.Value.Sequence > known.Sequence)], top, revision, missed, changes);
    }

    /// <summary>
    /// Gets the accepted changes that a reader lacks, of the messages that it has, in the order of their revisions; null if not all of them
    /// are here. Changes that the room has yet to accept are left out: the reader receives them live.
    /// </summary>
    /// <param name="reader">What the reader has. Without a revision, it needs no changes.</param>
    /// <param name="revision">The last revision that was accepted.</param>
    public IReadOnlyList<RoomItem>? ChangesFor(StreamPosition reader, long? revision)
    {
        if (reader.Revision is not { } known || revision is null || known >= revision)
            return [];
        if (!(_changesFrom <= known))
            return null;
        return _changed is null
            ? []
            :
            [
                .. _changed.Values
                    .Where(item => item.Message!.Revision > known
                        && item.Message.Revision <= revision
                        && item.Position!.Value.Sequence <= reader.Message.Sequence)
                    .OrderBy(static item => item.Message!.Revision),
            ];
    }

    /// <summary>Whether all messages that were accepted after a position are still here.</summary>
    public bool Reaches(MessagePosition top, MessagePosition? accepted) =>
        accepted is not { } last
        || !top.IsOfStream(last)
        || top.Sequence >= last.Sequence
        || _messages.Any(message => message.Position.GetValueOrDefault().Follows(top));

    private static RoomPage PageOf(
        RoomItem[] items, MessagePosition top, long? revision, long missed, IReadOnlyList<RoomItem> changes) => new(
            new HistoryPage([.. items.Select(static item => item.Message!)], top, missed, Restarted: false) { Revision = revision ?? 0 },
            items,
            changes);

    /// <summary>The message as it is now.</summary>
    private RoomItem Current(RoomItem message) => _changed!.GetValueOrDefault(message.Position.GetValueOrDefault().Sequence, message);

    private void Replace(RoomItem message)
    {
        var sequence = message.Position.GetValueOrDefault().Sequence;
        if ((_changed ??= []).Remove(sequence, out var earlier))
            _changedBytes -= earlier.Size;
        _changed.Add(sequence, message);
        _changedBytes += message.Size;
    }

    public void Clear()
    {
        _messages.Clear();
        _changed = null;
        _bytes = _changedBytes = 0;
        _start = null;
        _changesFrom = null;
        _isWhole = HasPage = false;
    }
}

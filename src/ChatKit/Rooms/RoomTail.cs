using System.Diagnostics.CodeAnalysis;

namespace ChatKit.Rooms;

/// <summary>
/// The latest messages of a room, with no gaps, up to the last accepted one. They are read once for all members that join or catch up, and
/// kept up to date with the messages that the room accepts. The room's lock guards them.
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

    /// <summary>The position before the first message; null if nothing is kept.</summary>
    private MessagePosition? _start;

    /// <summary>Whether the first message is the oldest one that was stored when the page was read, and no message was dropped since.</summary>
    private bool _isWhole;

    public IEnumerable<RoomItem> Messages => _messages;

    /// <summary>Whether this contains more than the messages that were accepted since a member began to wait.</summary>
    public bool HasPage { get; private set; }

    /// <summary>Whether a member has needed the messages since the last check.</summary>
    public bool IsUsed { get; set; }

    /// <summary>
    /// Starts to keep the messages that are accepted after a position. If it is null, starts after the first one that is accepted.
    /// </summary>
    public void Begin(MessagePosition? accepted) => _start ??= accepted;

    /// <summary>Adds an accepted message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="before">The last position that was accepted before it.</param>
    /// <param name="replay">The number of messages that a new member receives.</param>
    /// <param name="isAwaited">Whether a member is catching up. If not, nothing is kept that a new member would not receive.</param>
    public void Add(RoomItem message, MessagePosition? before, int replay, bool isAwaited)
    {
        var position = message.Position.GetValueOrDefault();
        if (_start is null || before is not { } last || !position.Follows(last))
        {
            Clear();
            _start = position with { Sequence = position.Sequence - 1 };
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

    /// <summary>Inserts a page before the messages that were accepted since it was read.</summary>
    /// <param name="page">The page.</param>
    /// <param name="accepted">The last position that was accepted.</param>
    /// <param name="isWhole">Whether the page contains all stored messages.</param>
    public void Prepend(RoomPage page, MessagePosition accepted, bool isWhole)
    {
        var start = page.Start;

        // The messages that were accepted since must begin where the page ends, or before.
        var joins = _start is { } own && own.IsOfStream(accepted) && own.Sequence <= page.Top.Sequence && own.Sequence >= start.Sequence;
        if (page.Top.Sequence < accepted.Sequence && !joins)
            return;

        // The page is of another stream, which the store has lost since, or the room has yet to accept messages before it.
        if (page.Top.Epoch != accepted.Epoch || start.Sequence > accepted.Sequence)
            return;

        RoomItem[] later = joins ? [.. _messages.Where(message => message.Position!.Value.Sequence > page.Top.Sequence)] : [];
        Clear();
        foreach (var message in page.Items.Where(message => message.Position!.Value.Sequence <= accepted.Sequence).Concat(later))
        {
            _messages.Enqueue(message);
            _bytes += message.Size;
        }

        if (_bytes > Limit)
        {
            Clear();
            Begin(accepted);
            return;
        }

        (_start, _isWhole, HasPage) = (start, isWhole, true);
    }

    /// <summary>Gets the messages that a reader needs, if all of them are here.</summary>
    /// <param name="after">The last position that the reader has; null if it has none.</param>
    /// <param name="accepted">The last position that was accepted.</param>
    /// <param name="replay">The number of messages that a new member receives: as many as the history keeps.</param>
    /// <param name="page">The page.</param>
    public bool TryRead(MessagePosition? after, MessagePosition? accepted, int replay, [NotNullWhen(true)] out RoomPage? page)
    {
        page = null;
        if (_start is not { } start || accepted is not { } top || !start.IsOfStream(top))
            return false;
        if (after is not { } known)
        {
            if (!HasPage || (!_isWhole && _messages.Count < replay))
                return false;
            page = PageOf([.. _messages], top, missed: 0);
            return true;
        }

        if (!known.IsOfStream(top) || known.Sequence > top.Sequence)
            return false;

        // A reader that is further back than the history reaches reads from the history, which reports the missing messages.
        if (known.Sequence < start.Sequence ? !_isWhole : top.Sequence - known.Sequence > replay)
            return false;
        var missed = Math.Max(0, start.Sequence - known.Sequence);
        page = PageOf([.. _messages.Where(message => message.Position!.Value.Sequence > known.Sequence)], top, missed);
        return true;
    }

    /// <summary>Whether all messages that were accepted after a position are still here.</summary>
    public bool Reaches(MessagePosition top, MessagePosition? accepted) =>
        accepted is not { } last
        || !top.IsOfStream(last)
        || top.Sequence >= last.Sequence
        || _messages.Any(message => message.Position.GetValueOrDefault().Follows(top));

    private static RoomPage PageOf(RoomItem[] items, MessagePosition top, long missed) =>
        new(new HistoryPage([.. items.Select(static item => item.Message!)], top, missed, Restarted: false), items);

    public void Clear()
    {
        _messages.Clear();
        _bytes = 0;
        _start = null;
        _isWhole = HasPage = false;
    }
}

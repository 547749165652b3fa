using System.Diagnostics.CodeAnalysis;

namespace ChatKit.Rooms;

/// <summary>
/// The latest messages of a room, with no gaps, up to the one that was accepted last. They are read once for all members that join or catch up,
/// and kept up to date by what the room accepts. The room's lock guards them.
/// </summary>
internal sealed class RoomTail
{
    /// <summary>
    /// How many bytes of accepted messages are kept: far more than come while one page is read, even if the reader loses its processor
    /// meanwhile, so that a member catches up however fast others send.
    /// </summary>
    private const int UsualLimit = 1024 * 1024;

    /// <summary>However large the messages are, this many are kept: about as many as a history has.</summary>
    private const int AtLeast = 128;

    /// <summary>A page that is larger is read by each who needs it: a node must not hold many of them.</summary>
    private const int Limit = 16 * 1024 * 1024;

    private readonly Queue<RoomItem> _messages = new();
    private int _bytes;

    /// <summary>The position before the first message; null if nothing is kept.</summary>
    private MessagePosition? _start;

    /// <summary>Whether the first message is the oldest that was stored when the page was read, and none was dropped since.</summary>
    private bool _isWhole;

    public IEnumerable<RoomItem> Messages => _messages;

    /// <summary>Whether there is more in it than what was accepted since a member waits.</summary>
    public bool HasPage { get; private set; }

    /// <summary>Whether a member has needed the messages since the last check.</summary>
    public bool IsUsed { get; set; }

    /// <summary>Begins to keep what is accepted after a position. Null: after the first that is.</summary>
    public void Begin(MessagePosition? accepted) => _start ??= accepted;

    /// <summary>Adds a message that was accepted.</summary>
    /// <param name="message">The message.</param>
    /// <param name="before">The last position that was accepted before it.</param>
    /// <param name="replay">How many messages a newcomer is given.</param>
    public void Add(RoomItem message, MessagePosition? before, int replay)
    {
        var position = message.Position.GetValueOrDefault();
        if (_start is null || before is not { } last || !position.Follows(last))
        {
            Clear();
            _start = position with { Sequence = position.Sequence - 1 };
        }

        _messages.Enqueue(message);
        _bytes += message.Size;
        while (_messages.Count > AtLeast && (_bytes > Limit || (_bytes > UsualLimit && _messages.Count > replay)))
        {
            var dropped = _messages.Dequeue();
            _bytes -= dropped.Size;
            _start = dropped.Position;
            _isWhole = false;
        }
    }

    /// <summary>Puts a page that was read before what was accepted since.</summary>
    /// <param name="page">The page.</param>
    /// <param name="accepted">The last position that was accepted.</param>
    /// <param name="isWhole">Whether the page has everything that is stored.</param>
    public void Prepend(RoomPage page, MessagePosition accepted, bool isWhole)
    {
        var start = page.Start;

        // What was accepted since has to begin where the page ends, or before.
        var joins = _start is { } own && own.IsOfStream(accepted) && own.Sequence <= page.Top.Sequence && own.Sequence >= start.Sequence;
        if (!page.Top.IsOfStream(accepted) || (page.Top.Sequence < accepted.Sequence && !joins))
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

    /// <summary>What a reader is to be given, if that is all here.</summary>
    /// <param name="after">The last position that the reader has; null if it has none.</param>
    /// <param name="accepted">The last position that was accepted.</param>
    /// <param name="replay">How many messages a newcomer is given: as many as the history keeps.</param>
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

        // Whoever is further back than the history reaches asks the history, which says what is gone.
        if (known.Sequence < start.Sequence ? !_isWhole : top.Sequence - known.Sequence > replay)
            return false;
        var missed = Math.Max(0, start.Sequence - known.Sequence);
        page = PageOf([.. _messages.Where(message => message.Position!.Value.Sequence > known.Sequence)], top, missed);
        return true;
    }

    /// <summary>Whether nothing was accepted after a position that is not here any more.</summary>
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

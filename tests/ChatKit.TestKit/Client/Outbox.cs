using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace ChatKit.TestKit.Client;

/// <summary>
/// The unacknowledged messages, edits, and deletions, sent or unsent. It keeps their order, also when they are sent again.
/// </summary>
internal sealed class Outbox(ChatClientOptions options)
{
    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private readonly string _id = Guid.NewGuid().ToString("N");
    private long _count;
    private long _heldAt;
    private bool _held;
    private bool _open;
    private bool _keepsOrder;
    private bool _over;
    private int _limit;

    public int Count
    {
        get
        {
            lock (_gate)
                return _entries.Count;
        }
    }

    /// <param name="frame">Creates the frame from its ref.</param>
    public Task<Ack> Add(Func<string, ClientFrame> frame)
    {
        lock (_gate)
        {
            var reference = $"{_id}-{++_count}";
            var entry = new Entry(reference, frame(reference));
            if (_over)
                Fail(entry, "The client is closed.");
            else
                _entries.Add(entry);
            return entry.Outcome.Task;
        }
    }

    /// <summary>There is a new connection, on which all unacknowledged messages are sent.</summary>
    /// <param name="limit">The maximum size of a frame in bytes.</param>
    /// <param name="keepsOrder">Whether the server handles frames in order. Otherwise, each is sent when the previous one was answered.</param>
    public void Open(int limit, bool keepsOrder)
    {
        lock (_gate)
        {
            (_open, _held, _limit, _keepsOrder) = (true, false, limit, keepsOrder);
            foreach (var entry in _entries)
                entry.Sent = entry.Refused = entry.IsNew = false;
        }
    }

    /// <summary>The connection is lost.</summary>
    public void Close()
    {
        lock (_gate)
            _open = false;
    }

    /// <summary>Takes the next frame to send.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="wait">The time during which there is certainly nothing to send.</param>
    /// <param name="stuck">
    /// Whether a message failed that the server requires before it handles any other. This requires a new connection.
    /// </param>
    public bool TryTakeNext([NotNullWhen(true)] out ClientFrame? frame, out TimeSpan wait, out bool stuck)
    {
        (frame, wait, stuck) = (null, Timeout.InfiniteTimeSpan, false);
        lock (_gate)
        {
            if (_held)
            {
                wait = options.RetryDelay - Stopwatch.GetElapsedTime(_heldAt);
                if (wait > TimeSpan.Zero)
                    return false;
                (_held, wait) = (false, Timeout.InfiniteTimeSpan);
            }

            while (_open && Next() is { } entry)
            {
                if (IsTooOld(entry))
                {
                    stuck |= entry.Refused;
                    FailAsUnknown(entry);
                    if (stuck)
                        return false;
                }
                else if (entry.Frame.Json.Length > _limit)
                {
                    Remove(entry).TrySetException(
                        new SendFailedException(SendFailedException.NotSent, $"The message is longer than the {_limit} bytes the server takes."));
                }
                else
                {
                    entry.Sent = true;
                    entry.IsNew |= entry.FirstSent is null;
                    entry.FirstSent ??= Stopwatch.GetTimestamp();
                    frame = entry.Frame;
                    return true;
                }
            }

            return false;
        }
    }

    public void Acknowledge(Ack ack)
    {
        lock (_gate)
        {
            if (_entries.Find(e => e.Ref == ack.Ref) is { } entry)
                Remove(entry).TrySetResult(ack);
        }
    }

    /// <summary>The server refused a message for good.</summary>
    public void Refuse(string? reference, string code, string text)
    {
        lock (_gate)
        {
            if (_entries.Find(e => e.Ref == reference) is { } entry)
                Remove(entry).TrySetException(new SendFailedException(code, text));
        }
    }

    /// <summary>The server could not store a message. The message and all later ones are sent again after a while.</summary>
    public void HoldBack(string? reference)
    {
        lock (_gate)
        {
            var first = _entries.FindIndex(e => e.Ref == reference);
            if (first < 0)
                return;

            // It refuses each later message for the same reason, so the time counts from the first one.
            if (!_held)
                (_held, _heldAt) = (true, Stopwatch.GetTimestamp());
            _entries[first].Refused = true;
            foreach (var entry in _entries.Skip(first))
                entry.Sent = false;
        }
    }

    /// <summary>
    /// The server handled neither this message nor later ones, and accepts no more on this connection. Messages that were not sent on an
    /// earlier connection count as not sent, and do not become too old.
    /// </summary>
    public void TakeBack(string? reference)
    {
        lock (_gate)
        {
            _open = false;
            foreach (var entry in _entries.SkipWhile(e => e.Ref != reference).Where(static e => e.IsNew))
                entry.FirstSent = null;
        }
    }

    /// <summary>Fails the messages that are too old to be sent again.</summary>
    public void FailExpired()
    {
        lock (_gate)
        {
            foreach (var entry in _entries.FindAll(IsTooOld))
                FailAsUnknown(entry);
        }
    }

    /// <summary>The client is closed, so no more messages are sent.</summary>
    public void End()
    {
        lock (_gate)
        {
            _over = true;
            foreach (var entry in _entries)
                Fail(entry, "The client was closed before the message was acknowledged.");
            _entries.Clear();
        }
    }

    private Entry? Next() => _keepsOrder
        ? _entries.Find(static entry => !entry.Sent)
        : _entries is [{ Sent: false } first, ..] ? first : null;

    private bool IsTooOld(Entry entry) => entry.FirstSent is { } first && Stopwatch.GetElapsedTime(first) > options.ResendWindow;

    private void FailAsUnknown(Entry entry) => Remove(entry).TrySetException(
        new SendFailedException(SendFailedException.Unknown, "The message was not acknowledged for so long that it must not be sent again."));

    private TaskCompletionSource<Ack> Remove(Entry entry)
    {
        _entries.Remove(entry);
        return entry.Outcome;
    }

    private static void Fail(Entry entry, string message) => entry.Outcome.TrySetException(
        new SendFailedException(entry.FirstSent is null ? SendFailedException.NotSent : SendFailedException.Unknown, message));

    private sealed class Entry(string reference, ClientFrame frame)
    {
        public string Ref { get; } = reference;

        public ClientFrame Frame { get; } = frame;

        public TaskCompletionSource<Ack> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long? FirstSent { get; set; }

        /// <summary>Whether it was sent on the current connection and not refused.</summary>
        public bool Sent { get; set; }

        /// <summary>Whether it was sent for the first time on the current connection.</summary>
        public bool IsNew { get; set; }

        /// <summary>Whether the server has refused it on the current connection.</summary>
        public bool Refused { get; set; }
    }
}

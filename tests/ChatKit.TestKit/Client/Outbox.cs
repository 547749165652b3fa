using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace ChatKit.TestKit.Client;

/// <summary>What was sent, or is to be, and is not acknowledged. Keeps the order, whatever has to be sent again.</summary>
internal sealed class Outbox(ChatClientOptions options)
{
    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private readonly string _id = Guid.NewGuid().ToString("N");
    private long _count;
    private long _heldAt;
    private bool _held;
    private bool _open;
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

    public Task<Ack> Add(string text)
    {
        lock (_gate)
        {
            var reference = $"{_id}-{++_count}";
            var entry = new Entry(reference, ClientFrame.Message(reference, text));
            if (_over)
                Fail(entry, "The client is closed.");
            else
                _entries.Add(entry);
            return entry.Outcome.Task;
        }
    }

    /// <summary>The server is there: all that it has not acknowledged is to be sent on this connection.</summary>
    /// <param name="limit">How many bytes a frame may have.</param>
    public void Open(int limit)
    {
        lock (_gate)
        {
            (_open, _held, _limit) = (true, false, limit);
            foreach (var entry in _entries)
                entry.Sent = entry.Refused = entry.IsNew = false;
        }
    }

    /// <summary>The connection is gone.</summary>
    public void Close()
    {
        lock (_gate)
            _open = false;
    }

    /// <summary>Takes what is to be sent next.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="wait">How long there is nothing to send for sure.</param>
    /// <param name="stuck">
    /// Whether a message was given up that the server insists on before it handles any other. Only a new connection helps.
    /// </param>
    public bool TryTakeNext([NotNullWhen(true)] out byte[]? frame, out TimeSpan wait, out bool stuck)
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

            while (_open && _entries.Find(static e => !e.Sent) is { } entry)
            {
                if (IsTooOld(entry))
                {
                    stuck |= entry.Refused;
                    GiveUp(entry);
                    if (stuck)
                        return false;
                }
                else if (entry.Frame.Length > _limit)
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

    /// <summary>The server never wants to see a message again.</summary>
    public void Refuse(string? reference, string code, string text)
    {
        lock (_gate)
        {
            if (_entries.Find(e => e.Ref == reference) is { } entry)
                Remove(entry).TrySetException(new SendFailedException(code, text));
        }
    }

    /// <summary>The server could not store a message: it, and what follows it, is sent again after a while.</summary>
    public void HoldBack(string? reference)
    {
        lock (_gate)
        {
            var first = _entries.FindIndex(e => e.Ref == reference);
            if (first < 0)
                return;

            // It refuses each of those behind it for the same reason: the time counts from the first.
            if (!_held)
                (_held, _heldAt) = (true, Stopwatch.GetTimestamp());
            _entries[first].Refused = true;
            foreach (var entry in _entries.Skip(first))
                entry.Sent = false;
        }
    }

    /// <summary>
    /// The server has handled nothing from a message on, and takes no more on this connection. What it was not sent on an earlier one
    /// counts as not sent, and does not grow too old.
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

    /// <summary>Gives up what may not be sent again any more.</summary>
    public void GiveUpOld()
    {
        lock (_gate)
        {
            foreach (var entry in _entries.FindAll(IsTooOld))
                GiveUp(entry);
        }
    }

    /// <summary>The client is closed: nothing is sent any more.</summary>
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

    private bool IsTooOld(Entry entry) => entry.FirstSent is { } first && Stopwatch.GetElapsedTime(first) > options.ResendWindow;

    private void GiveUp(Entry entry) => Remove(entry).TrySetException(
        new SendFailedException(SendFailedException.Unknown, "The message was not acknowledged for so long that it must not be sent again."));

    private TaskCompletionSource<Ack> Remove(Entry entry)
    {
        _entries.Remove(entry);
        return entry.Outcome;
    }

    private static void Fail(Entry entry, string message) => entry.Outcome.TrySetException(
        new SendFailedException(entry.FirstSent is null ? SendFailedException.NotSent : SendFailedException.Unknown, message));

    private sealed class Entry(string reference, byte[] frame)
    {
        public string Ref { get; } = reference;

        public byte[] Frame { get; } = frame;

        public TaskCompletionSource<Ack> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long? FirstSent { get; set; }

        /// <summary>Whether it was sent on the present connection, and not refused.</summary>
        public bool Sent { get; set; }

        /// <summary>Whether it was sent on the present connection for the first time.</summary>
        public bool IsNew { get; set; }

        /// <summary>Whether the server has refused it on the present connection.</summary>
        public bool Refused { get; set; }
    }
}

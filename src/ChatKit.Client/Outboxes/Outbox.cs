using ChatKit.Client.Connections;
using ChatKit.Client.Diagnostics;
using ChatKit.Client.Protocol;

namespace ChatKit.Client.Outboxes;

/// <summary>What the client has sent, or will send, and the server hasn't acknowledged, in order. Under the session's lock.</summary>
internal sealed partial class Outbox(Session session)
{
    private readonly Dictionary<string, LinkedListNode<OutboxEntry>> _byRef = [];
    private readonly LinkedList<OutboxEntry> _entries = [];
    private readonly OneShot _hold = new(session.Time, session.Gate);
    private readonly OutboxStore? _store = session.Settings.Options.Storage is { } storage ? new OutboxStore(storage, session.Logger) : null;
    private bool _isLoaded = session.Settings.Options.Storage is null;
    private Task? _loading;
    private long _bytes;
    private int _holds; // in a row

    /// <summary>The rooms that it has entries for.</summary>
    public HashSet<string> Rooms => [.. _entries.Select(static entry => entry.Room).OfType<string>()];

    public int Count => _entries.Count;

    private ChatClientOptions Options => session.Settings.Options;

    private Link? Current => session.Connector.Current is { Welcome: not null } link ? link : null;

    public PendingMessage[] Pending(string? room, string? home) =>
        [.. _entries.Where(entry => room is null || (entry.Room ?? home) == room).Select(entry => entry.Describe(home))];

    /// <summary>Takes over what an earlier process has left. Not under the lock.</summary>
    public Task LoadAsync()
    {
        lock (session.Gate)
            return _loading ??= _store is null ? Task.CompletedTask : LoadAsync(_store.LoadAsync());
    }

    /// <summary>Sends a message, now or when there is a connection. Not under the lock.</summary>
    public Task<MessagePosition> AddAsync(string type, string? room, MessagePosition? position, Payload payload, Func<ChatException?> check)
    {
        var activity = ClientTelemetry.StartSend(type, room);
        Task? saving = null;
        OutboxEntry entry;
        if (_store is not null)
            _ = LoadAsync(); // first, so that the storage has what precedes it
        lock (session.Gate)
        {
            var reference = session.NextRef();
            var frame = ClientFrames.Message(type, reference, room, position, payload);
            CheckBounds(frame.Length);
            entry = new OutboxEntry(reference, OutboxEntry.ToKind(type), room, frame)
            {
                User = session.Connector.User,
                AddedAt = session.Time.GetTimestamp(),
                Activity = activity,
            };
            Add(entry);
            if (check() is { } problem)
                Settle(entry, problem);
            else if (session.Connector.State == ChatState.Closed)
                Abandon(entry);
            else if (_store is null)
                Transmit(entry);
            else
                saving = Save(entry);
        }

        return saving is null ? entry.Outcome.Task : StoreAsync(entry, saving);
    }

    /// <summary>Sends messages, or keeps them until a connection accepts them.</summary>
    public void Transmit()
    {
        for (var node = _entries.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.IsStoring)
                break; // It precedes the others.
            Transmit(node.Value);
            node = next;
        }
    }

    /// <summary>Messages that were added before the first welcome belong to the user in it.</summary>
    public void Sign(string user)
    {
        foreach (var entry in _entries)
            entry.User ??= user;
    }

    public void Acknowledge(ServerFrame ack)
    {
        if (!_byRef.TryGetValue(ack.Ref ?? "", out var node))
            return;
        var entry = node.Value;
        _holds = 0;
        Remove(entry);
        MessagePosition? position = MessagePosition.TryParse(ack.Position, out var at) ? at : null;
        session.Telemetry.Acknowledged(entry, position);
        entry.Outcome.TrySetResult(position ?? MessagePosition.None);
        session.Emit(new MessageAcknowledged { Room = ack.Room ?? entry.Room ?? session.Home, Ref = entry.Ref, Position = position });
    }

    /// <summary>False if no message has this ref.</summary>
    public bool Refuse(Link link, ServerFrame error)
    {
        if (!_byRef.TryGetValue(error.Ref ?? "", out var node))
            return false;
        if (error.Code == ChatErrorCodes.Unavailable)
            Hold(link, node.Value, error);
        else
            Settle(node.Value, new ChatException(error.Code!, error.Text ?? error.Code!));
        return true;
    }

    /// <summary>The number of frames that the client had sent before a message, on a connection.</summary>
    public int? IndexOf(Link link, string? reference) =>
        _byRef.TryGetValue(reference ?? "", out var node) && node.Value.SentOn == link ? node.Value.Index : null;

    /// <summary>The server handled no frame from this one on. Messages that were first sent on this connection count as not sent.</summary>
    public void Unsend(Link link, int index)
    {
        foreach (var entry in _entries)
        {
            if (entry.SentOn != link || entry.Index < index || entry.SentAt is not { } sentAt || sentAt.Timestamp < link.WelcomedAt.Timestamp)
                continue;
            entry.SentAt = null;
            if (_store is not null)
                _ = _store.MarkAsync(ToStored(entry));
        }
    }

    /// <summary>Whether the server hasn't answered all that was sent on a connection.</summary>
    public bool IsWaitingFor(Link link) => _entries.Any(entry => entry.SentOn == link);

    /// <summary>Reports the messages to a room that the client has left, except those that the server is about to answer.</summary>
    public void Leave(string room, ChatException? problem)
    {
        foreach (var entry in _entries.Where(entry => entry.Room == room).ToArray())
        {
            entry.IsLeft = true;
            if (Current is { } link && entry.SentOn == link)
                continue;
            if (problem is not null)
                Settle(entry, problem);
            else
                Abandon(entry);
        }
    }

    /// <summary>Ends the wait for the server's store.</summary>
    public void Release() => _hold.Cancel();

    /// <summary>There will be no other connection.</summary>
    public void AbandonAll()
    {
        _hold.Cancel();
        foreach (var entry in _entries.ToArray())
            Abandon(entry);
    }

    /// <summary>The client is disposed. The storage keeps the messages.</summary>
    public void Dispose()
    {
        if (_store is null)
        {
            AbandonAll();
            return;
        }

        _hold.Cancel();
        foreach (var entry in _entries)
        {
            session.Telemetry.Failed(entry, ChatErrorCodes.Stored);
            entry.Outcome.TrySetException(new ChatException(
                ChatErrorCodes.Stored, "The client was disposed. The message is in the storage of the outbox, and the next client sends it."));
        }
    }

    /// <summary>Ends when the storage has everything. Not under the lock.</summary>
    public Task CloseStoreAsync() => _store?.DisposeAsync() ?? Task.CompletedTask;

    private async Task LoadAsync(Task<IReadOnlyList<StoredMessage>> loading)
    {
        var stored = await loading.ConfigureAwait(false);
        lock (session.Gate)
        {
            foreach (var message in stored.Reverse())
            {
                if (OutboxEntry.Restore(message, session.Time) is not { } entry)
                    continue;
                _byRef[entry.Ref] = _entries.AddFirst(entry);
                _bytes += entry.Frame.Length;
            }

            _isLoaded = true;
            Transmit();
        }
    }

    private void CheckBounds(int length)
    {
        if (_entries.Count >= Options.MaxPendingMessages)
            throw Full($"{Options.MaxPendingMessages} messages wait to be acknowledged", nameof(Options.MaxPendingMessages));
        if (_bytes + length > Options.MaxPendingBytes)
            throw Full($"The messages that wait to be acknowledged would exceed {Options.MaxPendingBytes} bytes", nameof(Options.MaxPendingBytes));
    }

    private static ChatException Full(string problem, string option) => new(
        ChatErrorCodes.OutboxFull, $"{problem}. Wait for earlier calls of SendAsync, or raise {nameof(ChatClientOptions)}.{option}.");

    private void Add(OutboxEntry entry)
    {
        _byRef.Add(entry.Ref, _entries.AddLast(entry));
        _bytes += entry.Frame.Length;
    }

    private Task Save(OutboxEntry entry)
    {
        entry.IsStoring = true;
        return _store!.SaveAsync(ToStored(entry));
    }

    private async Task<MessagePosition> StoreAsync(OutboxEntry entry, Task saving)
    {
        await saving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (session.Gate)
        {
            entry.IsStoring = false;
            if (saving.IsFaulted)
            {
                Forget(entry);
                session.Telemetry.Failed(entry, "storage");
            }

            Transmit();
        }

        await saving.ConfigureAwait(false); // Throws the storage's exception.
        return await entry.Outcome.Task.ConfigureAwait(false);
    }

    private void Remove(OutboxEntry entry)
    {
        Forget(entry);
        _store?.Remove(entry.Ref);
    }

    private void Forget(OutboxEntry entry)
    {
        if (!_byRef.Remove(entry.Ref, out var node))
            return;
        _entries.Remove(node);
        _bytes -= entry.Frame.Length;
    }

    private static StoredMessage ToStored(OutboxEntry entry) => new(entry.Ref, entry.Frame, entry.User, entry.SentAt?.Utc);
}

using System.Collections.Immutable;
using System.Net.WebSockets;
using System.Text.Json;

namespace ChatKit.AspNetCore.Tests.Custom;

/// <summary>A fake message broker, which carries bytes between the nodes of a <see cref="BusBackplane"/>.</summary>
internal sealed class Bus
{
    private readonly Lock _gate = new();
    private ImmutableList<Action<string, byte[]>> _nodes = [];

    public void Connect(Action<string, byte[]> node)
    {
        lock (_gate)
            _nodes = _nodes.Add(node);
    }

    /// <summary>Delivers bytes to all nodes, in one order for all.</summary>
    public void Send(string room, byte[] bytes)
    {
        lock (_gate)
            _nodes.ForEach(node => node(room, bytes));
    }

    public Lock Gate => _gate;
}

/// <summary>
/// A backplane as an application could write it, because this project only sees the public members of ChatKit. It serializes everything that
/// it carries.
/// </summary>
internal sealed class BusBackplane : IBackplane
{
    private readonly Bus _bus;
    private readonly IMessageHistory _history;
    private ImmutableList<(string Room, IBackplaneSubscriber Subscriber)> _subscriptions = [];

    public BusBackplane(Bus bus, IMessageHistory history)
    {
        (_bus, _history) = (bus, history);
        bus.Connect(Receive);
    }

    public ValueTask<MessagePosition?> PublishAsync(string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        // The lock replaces a broker that numbers and publishes in one step.
        lock (_bus.Gate)
        {
            if (capacity == 0)
            {
                _bus.Send(room, Encode(message));
                return ValueTask.FromResult<MessagePosition?>(null);
            }

            var appending = _history.AppendAsync(room, message, capacity, cancellationToken);
            var stored = appending.AsTask().GetAwaiter().GetResult();
            if (stored.IsNew)
                _bus.Send(room, Encode(message.WithPosition(stored.Position)));
            return ValueTask.FromResult<MessagePosition?>(stored.Position);
        }
    }

    public ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken)
    {
        lock (_bus.Gate)
        {
            var result = _history.ChangeAsync(room, change, cancellationToken).AsTask().GetAwaiter().GetResult();
            if (result.Message is { } message)
                _bus.Send(room, Encode(message));
            return ValueTask.FromResult(result);
        }
    }

    public ValueTask AnnounceAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken)
    {
        _bus.Send(room, [(byte)'a', .. announcement.Span]);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IAsyncDisposable> SubscribeAsync(string room, IBackplaneSubscriber subscriber, CancellationToken cancellationToken)
    {
        var entry = (room, subscriber);
        ImmutableInterlocked.Update(ref _subscriptions, list => list.Add(entry));
        return ValueTask.FromResult<IAsyncDisposable>(
            new Subscription(() => ImmutableInterlocked.Update(ref _subscriptions, list => list.Remove(entry))));
    }

    private void Receive(string room, byte[] bytes)
    {
        foreach (var (_, subscriber) in _subscriptions.Where(entry => entry.Room == room))
        {
            if (bytes[0] == 'a')
                subscriber.OnAnnouncement(bytes.AsMemory(1));
            else
                subscriber.OnMessage(Decode(bytes.AsSpan(1)));
        }
    }

    private static byte[] Encode(ChatMessage message) =>
    [
        (byte)'m',
        .. JsonSerializer.SerializeToUtf8Bytes(new Carried(
            message.Type, message.Data.ToArray(), message.At, message.From, message.ConnectionId, message.Audience,
            message.Position?.ToString(), message.TraceParent, message.Revision, message.ChangedAt, message.ChangedBy, message.IsDeleted,
            message.IsJson)),
    ];

    private static ChatMessage Decode(ReadOnlySpan<byte> bytes)
    {
        var carried = JsonSerializer.Deserialize<Carried>(bytes)!;
        return new ChatMessage(carried.Type, carried.Data, carried.At)
        {
            From = carried.From,
            ConnectionId = carried.ConnectionId,
            Audience = carried.Audience,
            Position = carried.Position is { } position ? MessagePosition.Parse(position) : null,
            TraceParent = carried.TraceParent,
            Revision = carried.Revision,
            ChangedAt = carried.ChangedAt,
            ChangedBy = carried.ChangedBy,
            IsDeleted = carried.IsDeleted,
            IsJson = carried.IsJson,
        };
    }

    private sealed record Carried(
        WebSocketMessageType Type, byte[] Data, DateTimeOffset At, string? From, string? ConnectionId, Audience Audience,
        string? Position, string? TraceParent, long? Revision, DateTimeOffset? ChangedAt, string? ChangedBy, bool IsDeleted,
        bool IsJson);

    private sealed class Subscription(Action end) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            end();
            return ValueTask.CompletedTask;
        }
    }
}

using System.Collections.Concurrent;

namespace TeamChat;

internal sealed record StoredMessage(string? From, string Text, DateTimeOffset At);

/// <summary>The latest messages of each room, in the memory of this process.</summary>
internal sealed class RoomHistory
{
    private const int Capacity = 100;

    private readonly ConcurrentDictionary<string, Queue<StoredMessage>> _rooms = new();

    public StoredMessage Add(string room, string? from, string text)
    {
        var message = new StoredMessage(from, text, DateTimeOffset.UtcNow);
        var messages = _rooms.GetOrAdd(room, static _ => []);
        lock (messages)
        {
            messages.Enqueue(message);
            if (messages.Count > Capacity)
                messages.Dequeue();
        }

        return message;
    }

    public IReadOnlyList<StoredMessage> Read(string room)
    {
        if (!_rooms.TryGetValue(room, out var messages))
            return [];
        lock (messages)
            return [.. messages];
    }
}

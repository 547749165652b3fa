using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace ChatKit.Redis;

/// <summary>The rooms that this node is subscribed to. Nothing is tracked for other rooms.</summary>
internal sealed class RedisRooms(IOptions<RedisOptions> redis)
{
    private readonly ConcurrentDictionary<string, RedisAppendQueue> _rooms = new();

    /// <summary>Returns a subscribed room. For any other room, returns a new instance that has only the room's names.</summary>
    public RedisRoom this[string room] => AppendsOf(room)?.Room ?? Create(room);

    /// <summary>Returns the queue of a subscribed room; null for any other room, whose messages are appended one by one.</summary>
    public RedisAppendQueue? AppendsOf(string room) => _rooms.GetValueOrDefault(room);

    public RedisRoom Add(string room) => _rooms.GetOrAdd(room, static (room, it) => new RedisAppendQueue(it.Create(room)), this).Room;

    public void Remove(RedisRoom room)
    {
        if (AppendsOf(room.Name) is not { } appends || appends.Room != room)
            return;

        // First, so that no message of a new instance overtakes one that waits here.
        appends.Close();
        _rooms.TryRemove(KeyValuePair.Create(room.Name, appends));
    }

    private RedisRoom Create(string room) => new(redis.Value.KeyPrefix, room);
}

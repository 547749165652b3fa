using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace ChatKit.Redis;

/// <summary>The rooms that this node is subscribed to. Nothing is tracked for other rooms.</summary>
internal sealed class RedisRooms(IOptions<RedisOptions> redis)
{
    private readonly ConcurrentDictionary<string, RedisRoom> _rooms = new();

    /// <summary>Returns a subscribed room. For any other room, returns a new instance that has only the room's names.</summary>
    public RedisRoom this[string room] => _rooms.GetValueOrDefault(room) ?? Create(room);

    public RedisRoom Add(string room) => _rooms.GetOrAdd(room, static (room, it) => it.Create(room, new RedisAppendQueue()), this);

    public void Remove(RedisRoom room)
    {
        // First, so that no message of a new instance overtakes one that waits here.
        room.Appends?.Close();
        _rooms.TryRemove(KeyValuePair.Create(room.Name, room));
    }

    private RedisRoom Create(string room, RedisAppendQueue? appends = null) => new(redis.Value.KeyPrefix, room, appends);
}

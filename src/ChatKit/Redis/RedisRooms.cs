using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace ChatKit.Redis;

/// <summary>The rooms that this node is subscribed to, and what it knows of them. Of others it knows nothing.</summary>
internal sealed class RedisRooms(IOptions<RedisOptions> redis)
{
    private readonly ConcurrentDictionary<string, RedisRoom> _rooms = new();

    /// <summary>A room that is subscribed to, or the mere names of one that is not.</summary>
    public RedisRoom this[string room] => _rooms.GetValueOrDefault(room) ?? Create(room);

    public RedisRoom Add(string room) => _rooms.GetOrAdd(room, Create);

    public void Remove(RedisRoom room) => _rooms.TryRemove(KeyValuePair.Create(room.Name, room));

    private RedisRoom Create(string room) => new(redis.Value.KeyPrefix, room);
}

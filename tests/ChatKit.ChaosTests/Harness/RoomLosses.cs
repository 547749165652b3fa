using System.Collections.Concurrent;
using ChatKit.TestKit.Verification;

namespace ChatKit.ChaosTests.Harness;

/// <summary>
/// Deletes keys of rooms, as a Redis that evicts keys does. It keeps the keys of refs: without them, a message that is sent again is stored
/// again, and the test could not distinguish this from a fault.
/// </summary>
internal sealed class RoomLosses(RedisServer redis)
{
    private readonly ConcurrentDictionary<string, Losses> _rooms = new();

    /// <summary>The deletions, including possible ones.</summary>
    public IReadOnlyDictionary<string, Losses> Rooms => _rooms;

    public Task LosePresenceAsync(string room) => DeleteAsync(room, "presence");

    public Task LoseMessagesAsync(string room)
    {
        _rooms.AddOrUpdate(room, new Losses(1, 0), static (_, losses) => losses with { Messages = losses.Messages + 1 });
        return DeleteAsync(room, "messages");
    }

    public Task LoseMetaAsync(string room)
    {
        _rooms.AddOrUpdate(room, new Losses(0, 1), static (_, losses) => losses with { Streams = losses.Streams + 1 });
        return DeleteAsync(room, "meta");
    }

    private Task<string?> DeleteAsync(string room, string key) => redis.TryCallAsync($"DEL {new RedisOptions().KeyPrefix}{{{room}}}:{key}");
}

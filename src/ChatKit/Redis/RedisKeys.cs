using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>
/// The names of a room in Redis. The room's name in braces is their hash tag, so that a cluster keeps them in one slot, which one script
/// needs. Braces in the name itself would end the tag early; they are escaped.
/// </summary>
internal static class RedisKeys
{
    /// <summary>The meta hash and the list of the last messages, in the order the scripts expect.</summary>
    public static RedisKey[] OfRoom(string prefix, string room)
    {
        var tagged = Tagged(prefix, room);
        return [$"{tagged}:meta", $"{tagged}:messages"];
    }

    /// <summary>The key that remembers where the message of an idempotency key was stored.</summary>
    public static RedisKey OfMessage(string prefix, string room, string idempotencyKey) => $"{Tagged(prefix, room)}:key:{idempotencyKey}";

    /// <summary>The hash of who is in the room.</summary>
    public static RedisKey[] OfPresence(string prefix, string room) => [$"{Tagged(prefix, room)}:presence"];

    /// <summary>The channel on which the room's messages are published.</summary>
    public static string Channel(string prefix, string room) => $"{Tagged(prefix, room)}:live";

    private static string Tagged(string prefix, string room) =>
        $"{prefix}{{{room.Replace("%", "%25").Replace("{", "%7B").Replace("}", "%7D")}}}";
}

using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>
/// The names of a room's keys and channel in Redis. The room's name, in braces, is their hash tag: a cluster keeps them in one slot, as
/// scripts require. Braces in the room's name would end the tag early, so they are escaped.
/// </summary>
internal static class RedisKeys
{
    /// <summary>Returns the keys of the meta hash and of the list of messages, in the order that the scripts expect.</summary>
    public static RedisKey[] OfRoom(string prefix, string room)
    {
        var tagged = Tagged(prefix, room);
        return [$"{tagged}:meta", $"{tagged}:messages"];
    }

    /// <summary>Returns the key that stores the position of the message with an idempotency key.</summary>
    public static RedisKey OfMessage(string prefix, string room, string idempotencyKey) => $"{Tagged(prefix, room)}:key:{idempotencyKey}";

    /// <summary>Returns the key of the hash of the room's members.</summary>
    public static RedisKey[] OfPresence(string prefix, string room) => [$"{Tagged(prefix, room)}:presence"];

    /// <summary>Returns the channel on which the room's messages are published.</summary>
    public static string Channel(string prefix, string room) => $"{Tagged(prefix, room)}:live";

    private static string Tagged(string prefix, string room) =>
        $"{prefix}{{{room.Replace("%", "%25").Replace("{", "%7B").Replace("}", "%7D")}}}";
}

using ChatKit.Redis;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

public class RedisKeysTests
{
    private static readonly string[] Rooms =
    [
        "a", "A", "a:meta", "a}:meta", "{a}", "{a", "a}", "}", "{", "{}", "}{", ":", "%", "%7D", "%7B", "%25", "%257D", "chatkit:{a}", "a}:key:x", "a:live",
    ];

    private static readonly string[] Keys = ["0::r:1", "4:anna:r:1", "}:meta", ":meta", "x}:key:0::r:1", "{b}:messages", "%7D"];

    /// <summary>Rooms are named by clients, and so are in part the keys of what they send.</summary>
    [Fact]
    public void No_room_name_leads_to_the_keys_of_another_room()
    {
        var owners = new Dictionary<string, string>();
        foreach (var room in Rooms)
        {
            IEnumerable<RedisKey> keys =
            [
                .. RedisKeys.OfRoom("chatkit:", room), .. RedisKeys.OfPresence("chatkit:", room),
                .. Keys.Select(key => RedisKeys.OfMessage("chatkit:", room, key)), RedisKeys.Channel("chatkit:", room),
            ];
            foreach (var key in keys)
            {
                Assert.True(owners.TryAdd((string)key!, room), $"'{key}' belongs to '{room}' and to '{owners[(string)key!]}'");
                Assert.Equal($"chatkit:{{{Tag(key)}}}:", ((string)key!)[..("chatkit:{}:".Length + Tag(key).Length)]);
                Assert.Equal(room, Uri.UnescapeDataString(Tag(key)));
            }
        }
    }

    /// <summary>What a cluster hashes: between the first opening brace and the first closing one after it.</summary>
    private static string Tag(RedisKey key)
    {
        var text = (string)key!;
        var open = text.IndexOf('{');
        return text[(open + 1)..text.IndexOf('}', open)];
    }
}

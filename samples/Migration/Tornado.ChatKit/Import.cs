using StackExchange.Redis;

namespace TornadoChat;

/// <summary>Copies the messages of a room from the list in which the application on Tornado has kept them.</summary>
internal static class Import
{
    public static async Task RunAsync(string redis, string room, IRoomBroadcaster rooms)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis);
        foreach (var message in await connection.GetDatabase().ListRangeAsync($"chat:{room}"))
            await rooms.BroadcastAsync(room, message.ToString());
    }
}

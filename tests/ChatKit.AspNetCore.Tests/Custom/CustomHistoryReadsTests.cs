using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Custom;

/// <summary>What users have read of messages that are stored in the application's database.</summary>
public sealed class CustomHistoryReadsTests(RedisServer redis) : IClassFixture<RedisServer>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unread_messages_are_counted_with_the_history_of_the_application(bool hasRedis)
    {
        var history = new TableHistory(capacity: 3);
        await using var server = await ChatServer.StartAsync(
            static app =>
            {
                app.Use(static (context, next) =>
                {
                    context.User = new(new System.Security.Claims.ClaimsIdentity([new("sub", "anna")], "test"));
                    return next(context);
                });
                app.MapWebSocketHandler<ChatRoom>("/chat/{room}", static options => options.TrackReads = true);
            },
            builder =>
            {
                var chatKit = builder.Services.AddSingleton<IMessageHistory>(history).AddChatKit(static options => options.HistoryCapacity = 3);
                if (hasRedis)
                    chatKit.AddRedis(options => (options.Configuration, options.KeyPrefix) = (redis.Configuration, $"test-{Guid.NewGuid():n}:"));
            });
        var (rooms, reads) = (server.Services.GetRequiredService<IRoomBroadcaster>(), server.Services.GetRequiredService<IRoomReads>());
        var position = MessagePosition.None;
        for (var i = 0; i < 5; i++)
            position = (await rooms.BroadcastAsync("lobby", $"{i}")).GetValueOrDefault();
        Assert.Equal([("empty", 0), ("lobby", 3)], await UnreadAsync());

        var settings = new ClientSettings { Options = static socket => socket.AddSubProtocol(ChatKitSubprotocol.V1) };
        await using (var client = await server.ConnectAsync("/chat/lobby", settings))
        {
            await ReceiveUntilAsync(client, "\"unread\":3");
            await client.SendAsync($$"""{"type":"read","position":"{{position with { Sequence = 4 }}}"}""");
            await ReceiveUntilAsync(client, $"\"position\":\"{position with { Sequence = 4 }}\"");
        }

        Assert.Equal([("empty", 0), ("lobby", 1)], await UnreadAsync());

        async Task<IEnumerable<(string, int)>> UnreadAsync() =>
            (await reads.GetUnreadAsync("anna", ["lobby", "empty"])).Select(static room => (room.Key, room.Value)).Order();
    }

    private static async Task ReceiveUntilAsync(ChatClient client, string part)
    {
        while (!(await client.ReceiveAsync()).Contains(part, StringComparison.Ordinal))
        {
        }
    }
}

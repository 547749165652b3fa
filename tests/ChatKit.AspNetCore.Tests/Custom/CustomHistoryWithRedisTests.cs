using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Custom;

/// <summary>Messages are stored in the application's database, and Redis carries them between the nodes.</summary>
public sealed class CustomHistoryWithRedisTests(RedisServer redis) : IClassFixture<RedisServer>
{
    private readonly string _prefix = $"test-{Guid.NewGuid():n}:";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_nodes_share_the_history_in_either_order_of_registration(bool historyFirst)
    {
        var history = new TableHistory();
        await using var here = await StartAsync(history, historyFirst);
        await using var there = await StartAsync(history, historyFirst);
        await using var ann = await here.ConnectAsync("/chat/lobby");
        await using var bob = await there.ConnectAsync("/chat/lobby");
        string[] texts = ["in", "1", "2", "3"];
        await bob.SendAsync(texts[0]);
        Assert.Equal(texts[0], await bob.ReceiveAsync());
        Assert.Equal(texts[0], await ann.ReceiveAsync());

        foreach (var text in texts[1..])
            await ann.SendAsync(text);

        Assert.Equal(texts[1..], await ann.ReceiveAsync(3));
        Assert.Equal(texts[1..], await bob.ReceiveAsync(3));
        Assert.Equal(texts, (await history.ReadAsync("lobby", null, default)).Messages.Select(static m => m.Text));
        await using var late = await there.ConnectAsync("/chat/lobby");
        Assert.Equal(texts, await late.ReceiveAsync(4));
    }

    [Fact]
    public async Task A_message_that_the_database_refuses_is_not_delivered()
    {
        var history = new TableHistory();
        await using var server = await StartAsync(history, historyFirst: true);
        await using var client = await server.ConnectAsync("/chat/lobby");
        var rooms = server.Services.GetRequiredService<IRoomBroadcaster>();
        await client.SendAsync("before");
        Assert.Equal("before", await client.ReceiveAsync());

        history.Down = true;
        await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await rooms.BroadcastAsync("lobby", "lost"));
        history.Down = false;
        await rooms.BroadcastAsync("lobby", "after");

        Assert.Equal("after", await client.ReceiveAsync());
    }

    private Task<ChatServer> StartAsync(TableHistory history, bool historyFirst) => ChatServer.StartAsync(
        static app => app.MapWebSocketHandler<ChatRoom>("/chat/{room}"),
        builder =>
        {
            if (historyFirst)
                builder.Services.AddSingleton<IMessageHistory>(history);
            builder.Services.AddChatKit().AddRedis(options => (options.Configuration, options.KeyPrefix) = (redis.Configuration, _prefix));
            if (!historyFirst)
                builder.Services.AddSingleton<IMessageHistory>(history);
        });
}

using System.Net.WebSockets;
using System.Text.Json;

namespace ChatRoom.Tests;

public class ChatHandlerWithRedisTests(RedisServer redis) : IClassFixture<RedisServer>
{
    [Fact]
    public async Task The_history_survives_the_program()
    {
        await using (var chatRoom = await ChatRoomProcess.StartAsync("--redis", redis.Endpoint))
        {
            using var ann = await chatRoom.ConnectV1Async("/chat/survivors?name=Ann");
            await ann.SendV1Async("remember me");
            await ann.ReceiveFrameAsync("ack");
        }

        await using var restarted = await ChatRoomProcess.StartAsync("--redis", redis.Endpoint);
        using var bob = await restarted.ConnectV1Async("/chat/survivors?name=Bob");

        var message = await bob.ReceiveFrameAsync("message");
        Assert.Equal("remember me", message.GetProperty("data").GetString());
        Assert.Equal("Ann", message.GetProperty("from").GetString());
        await Patience.UntilAsync(() => restarted.Output.Contains("in Redis at"), "the location of the history is printed");
    }

    [Fact]
    public async Task The_sender_is_notified_while_Redis_is_unavailable_and_can_send_again_later()
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync("--redis", redis.Endpoint);
        using var ann = await chatRoom.ConnectV1Async("/chat/outage?name=Ann");
        await ann.SendV1Async("before", "ann-1");
        await ann.ReceiveFrameAsync("ack");

        await redis.KillAsync();
        await ann.SendV1Async("kept", "ann-2");
        var refused = await ann.ReceiveFrameAsync("error");
        Assert.Equal("ann-2", refused.GetProperty("ref").GetString());
        Assert.Equal("unavailable", refused.GetProperty("code").GetString());
        using var bob = await chatRoom.ConnectV1Async("/chat/outage?name=Bob");
        await bob.SendV1Async("me too");
        var received = new List<string?>();
        await ReceiveUntilAsync(bob, "error", received);
        await redis.StartAsync();

        await Patience.UntilAsync(() => chatRoom.Output.Contains($"{redis.Endpoint} is available again"), "Redis is available again");
        await ann.SendV1Async("kept", "ann-2");
        await ann.ReceiveFrameAsync("ack");
        while (received.Count < 2)
            await ReceiveUntilAsync(bob, "message", received);
        Assert.Equal(["before", "kept"], received);
        Assert.Equal(1, chatRoom.Output.Split("cannot be reached").Length - 1);
    }

    /// <summary>Collects the messages up to a frame of a type, including that frame if it is a message.</summary>
    private static async Task ReceiveUntilAsync(ClientWebSocket client, string type, List<string?> received)
    {
        string? frameType;
        do
        {
            var frame = JsonDocument.Parse(await client.ReceiveTextAsync()).RootElement;
            frameType = frame.GetProperty("type").GetString();
            if (frameType == "message")
                received.Add(frame.GetProperty("data").GetString());
        }
        while (frameType != type);
    }
}

using System.Net.WebSockets;
using System.Text;

namespace ChatKit.Migration.Tests.Tornado;

/// <summary>What the chat room does, before and after the migration.</summary>
public abstract class RoomTests(RoomApp app)
{
    private protected string NewRoom { get; } = $"room-{Guid.NewGuid():n}";

    [Fact]
    public async Task Everyone_in_the_room_and_nobody_else_receives_every_message()
    {
        using var ann = await app.ConnectAsync(NewRoom);
        await SendAsync(ann, "one");
        Assert.Equal("one", await ReceiveAsync(ann));
        using var bob = await app.ConnectAsync(NewRoom);
        Assert.Equal("one", await ReceiveAsync(bob));

        await SendAsync(bob, "two");

        Assert.Equal("two", await ReceiveAsync(ann));
        Assert.Equal("two", await ReceiveAsync(bob));
        using var other = await app.ConnectAsync($"{NewRoom}-b");
        await SendAsync(other, "alone");
        Assert.Equal("alone", await ReceiveAsync(other));
    }

    [Fact]
    public async Task Whoever_connects_receives_the_last_100_messages_first()
    {
        using var ann = await app.ConnectAsync(NewRoom);
        for (var i = 1; i <= 101; i++)
            await SendAsync(ann, $"message {i}");
        for (var i = 1; i <= 101; i++)
            Assert.Equal($"message {i}", await ReceiveAsync(ann));

        using var bob = await app.ConnectAsync(NewRoom);

        for (var i = 2; i <= 101; i++)
            Assert.Equal($"message {i}", await ReceiveAsync(bob));
    }

    private protected static async Task<string> ReceiveAsync(ClientWebSocket client) =>
        Encoding.UTF8.GetString((await client.ReceiveMessageAsync())!.Value.Data);

    private static Task SendAsync(ClientWebSocket client, string text) =>
        client.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None).Soon();
}

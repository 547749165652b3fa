using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;

namespace ChatRoom.Tests;

public class EchoHandlerTests(SharedChatRoom shared)
{
    private const int MaxMessageSize = 16 * 1024 * 1024;

    [Fact]
    public async Task A_message_is_echoed_unchanged_to_its_sender_only()
    {
        var chatRoom = await shared.GetAsync();
        using var client = await ConnectAsync(chatRoom);
        using var other = await ConnectAsync(chatRoom);

        foreach (var size in new[] { 0, 1, 125, 126, 65_535, 65_536, 1024 * 1024, MaxMessageSize })
        {
            await EchoesAsync(client, WebSocketMessageType.Binary, RandomNumberGenerator.GetBytes(size));
            await EchoesAsync(client, WebSocketMessageType.Text, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("grüße\0", size / 8))));
        }

        // The first message that the other client receives is its own.
        await EchoesAsync(other, WebSocketMessageType.Text, "alone"u8.ToArray());
    }

    [Fact]
    public async Task No_message_is_stored()
    {
        var chatRoom = await shared.GetAsync();
        using (var first = await ConnectAsync(chatRoom))
            await EchoesAsync(first, WebSocketMessageType.Text, "before"u8.ToArray());

        using var late = await ConnectAsync(chatRoom);

        await EchoesAsync(late, WebSocketMessageType.Text, "after"u8.ToArray());
    }

    [Fact]
    public async Task Many_small_messages_are_echoed_in_order()
    {
        const int Count = 20_000;
        var chatRoom = await shared.GetAsync();
        using var client = await ConnectAsync(chatRoom);

        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < Count; i++)
                await client.SendAsync(BitConverter.GetBytes(i), WebSocketMessageType.Binary, true, CancellationToken.None);
        });

        var buffer = new byte[sizeof(int)];
        for (var i = 0; i < Count; i++)
        {
            Assert.Equal(sizeof(int), (await client.ReceiveAsync(buffer, CancellationToken.None).Soon()).Count);
            Assert.Equal(i, BitConverter.ToInt32(buffer));
        }

        await sending.Soon();
    }

    /// <summary>A client that offers compression, as all browsers do.</summary>
    private static async Task<ClientWebSocket> ConnectAsync(ChatRoomProcess chatRoom)
    {
        var client = new ClientWebSocket();
        client.Options.CollectHttpResponseDetails = true;
        client.Options.DangerousDeflateOptions = new WebSocketDeflateOptions();
        await client.ConnectAsync(new UriBuilder(new Uri(chatRoom.Address, "/echo")) { Scheme = "ws" }.Uri, CancellationToken.None).Soon();
        Assert.Contains("Sec-WebSocket-Extensions", client.HttpResponseHeaders!.Keys);
        return client;
    }

    private static async Task EchoesAsync(ClientWebSocket client, WebSocketMessageType type, byte[] message)
    {
        await client.SendAsync(message, type, endOfMessage: true, CancellationToken.None).Soon();

        var answer = await client.ReceiveMessageAsync();
        Assert.Equal(type, answer?.Type);
        Assert.True(message.AsSpan().SequenceEqual(answer?.Data), "the message is echoed unchanged");
    }
}

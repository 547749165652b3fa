using System.Net.WebSockets;
using System.Text;

namespace ChatKit.AspNetCore.Tests.Connections;

/// <summary>How the bytes are cut on the way makes no difference.</summary>
public class FramingTests
{
    [Fact]
    public async Task Many_messages_in_one_segment()
    {
        await using var server = await ChatServer.StartAsync(new Script());
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");
        var texts = Enumerable.Range(0, 500).Select(static i => $"message {i}").ToArray();

        await client.SendAsync(texts.SelectMany(static text => RawClient.Frame(RawClient.Text, text)).ToArray());

        foreach (var text in texts)
            Assert.Equal(text, await client.ReceiveTextAsync());
    }

    [Fact]
    public async Task Messages_that_come_with_the_handshake()
    {
        await using var server = await ChatServer.StartAsync(new Script());
        using var client = await server.ConnectRawAsync();

        byte[] all = [.. Encoding.ASCII.GetBytes(RawClient.Handshake("/chat/lobby")), .. RawClient.Frame(RawClient.Text, "early")];
        Assert.StartsWith("HTTP/1.1 101", await client.RequestAsync(Encoding.Latin1.GetString(all)), StringComparison.Ordinal);

        Assert.Equal("early", await client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_frame_byte_by_byte()
    {
        await using var server = await ChatServer.StartAsync(new Script());
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");

        foreach (var b in RawClient.Frame(RawClient.Text, "grüße 💬"))
            await client.SendAsync(new[] { b });

        Assert.Equal("grüße 💬", await client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_message_in_fragments_with_a_ping_between_them()
    {
        await using var server = await ChatServer.StartAsync(new Script());
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");

        // The first is cut within a character, the third is empty.
        var text = Encoding.UTF8.GetBytes("ä-b");
        await client.SendAsync(RawClient.Frame(RawClient.Text, text.AsSpan(0, 1), final: false));
        await client.SendAsync(RawClient.Frame(RawClient.Ping, "ping"));
        await client.SendAsync(RawClient.Frame(0, text.AsSpan(1), final: false));
        await client.SendAsync(RawClient.Frame(0, []));

        var (opcode, payload) = await client.ReceiveFrameAsync();
        Assert.Equal((RawClient.Pong, "ping"), (opcode, Encoding.UTF8.GetString(payload)));
        Assert.Equal("ä-b", await client.ReceiveTextAsync());
    }

    [Fact]
    public async Task Empty_messages_and_binary_ones()
    {
        await using var server = await ChatServer.StartAsync(new Script
        {
            Message = static (connection, message) =>
                message.Type == WebSocketMessageType.Text ? connection.SendAsync(message.Text) : connection.SendAsync(message.Data),
        });
        await using var client = await server.ConnectAsync("/chat/lobby");
        byte[] data = [0, 0xFF, 0xC3, 0x28];

        await client.SendAsync("");
        await client.Socket.SendAsync(Array.Empty<byte>(), WebSocketMessageType.Binary, true, CancellationToken.None).Soon();
        await client.Socket.SendAsync(data, WebSocketMessageType.Binary, true, CancellationToken.None).Soon();

        Assert.Equal("", await client.ReceiveAsync());
        Assert.Equal((WebSocketMessageType.Binary, 0), await client.ReceiveMessageAsync() is var (type, empty) ? (type, empty.Length) : default);
        Assert.Equal(data, (await client.ReceiveMessageAsync()).Data);
    }
}

using System.IO.Compression;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;

namespace ChatKit.AspNetCore.Tests.Connections;

/// <summary>Messages with permessage-deflate (RFC 7692), byte by byte.</summary>
public class CompressedMessageTests
{
    private const string Extension = "Sec-WebSocket-Extensions: permessage-deflate";

    /// <summary>About a megabyte that becomes one of a thousand times the size.</summary>
    private static readonly Lazy<byte[]> Bomb = new(static () => ClientDeflate.CompressZeros(1024 * 1024 * 1024));

    private static readonly string Long = string.Concat(Enumerable.Range(0, 1000).Select(static i => $"{i % 100:00} grüße "));

    [Fact]
    public async Task A_broadcast_reaches_clients_with_compression_and_without()
    {
        await using var server = await StartRoomAsync();
        using var compressing = await server.ConnectRawAsync();
        await compressing.OpenAsync("/chat/lobby", headers: Extension);
        using var plain = await server.ConnectRawAsync();
        await plain.OpenAsync("/chat/lobby");
        await using var platform = await server.ConnectAsync("/chat/lobby", Offer());

        await platform.SendAsync(Long);

        Assert.Equal(Long, await platform.ReceiveAsync());
        Assert.Equal(Long, await plain.ReceiveTextAsync());
        var (opcode, payload) = await compressing.ReceiveFrameAsync();
        Assert.Equal(ClientFrame.Compressed | ClientFrame.Text, opcode);
        Assert.Equal(Long, Inflate(payload));
    }

    [Fact]
    public async Task A_short_message_is_not_compressed()
    {
        await using var server = await StartRoomAsync();
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby", headers: Extension);

        await client.SendAsync(ClientFrame.Of(ClientFrame.Compressed | ClientFrame.Text, Deflate("hi")));

        Assert.Equal("hi", await client.ReceiveTextAsync());
    }

    [Fact]
    public async Task An_answer_to_one_client_is_compressed_too()
    {
        await using var server = await ChatServer.StartAsync(new Script(), static options => options.EnableCompression = true);
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby", headers: Extension);

        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, Long));

        var (opcode, payload) = await client.ReceiveFrameAsync();
        Assert.Equal(ClientFrame.Compressed | ClientFrame.Text, opcode);
        Assert.Equal(Long, Inflate(payload));
    }

    [Fact]
    public async Task The_history_reaches_a_client_with_compression_too()
    {
        await using var server = await StartRoomAsync();
        await using var plain = await server.ConnectAsync("/chat/lobby");
        foreach (var text in new[] { Long, "short", Long })
        {
            await plain.SendAsync(text);
            await plain.ReceiveAsync();
        }

        await using var late = await server.ConnectAsync("/chat/lobby", Offer());

        Assert.Equal([Long, "short", Long], await late.ReceiveAsync(3));
    }

    [Fact]
    public async Task A_compressed_message_in_fragments_with_a_ping_between_them()
    {
        await using var server = await StartRoomAsync();
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby", headers: Extension);
        var compressed = Deflate("grüße 💬");

        // The mark is on the first only, and the last may be empty.
        await client.SendAsync(ClientFrame.Of(ClientFrame.Compressed | ClientFrame.Text, compressed.AsSpan(0, 1), final: false));
        await client.SendAsync(ClientFrame.Of(ClientFrame.Ping, "ping"));
        await client.SendAsync(ClientFrame.Of(0, compressed.AsSpan(1), final: false));
        await client.SendAsync(ClientFrame.Of(0, []));

        Assert.Equal(ClientFrame.Pong, (await client.ReceiveFrameAsync()).Opcode);
        Assert.Equal("grüße 💬", await client.ReceiveTextAsync());
    }

    [Theory]
    [InlineData("F348CDC9C9070000")]
    [InlineData("F24805000000FFFFCAC9C90700")]
    public async Task Final_blocks_and_multiple_blocks_are_inflated(string hello)
    {
        await using var server = await StartRoomAsync();
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby", headers: Extension);

        // Twice, because a final block must only end its own message.
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync(ClientFrame.Of(ClientFrame.Compressed | ClientFrame.Text, Convert.FromHexString(hello)));
            Assert.Equal("Hello", await client.ReceiveTextAsync());
        }
    }

    [Theory]
    [InlineData("FF")]
    [InlineData("F248CDC9")]
    [InlineData("000500FAFE48656C6C6F00")]
    [InlineData("000200FDFFC32800")] // Valid deflate data that is not UTF-8.
    public async Task Compressed_data_that_is_not_valid_text_closes_with_1007(string payload)
    {
        await using var server = await StartRoomAsync();
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby", headers: Extension);

        await client.SendAsync(ClientFrame.Of(ClientFrame.Compressed | ClientFrame.Text, Convert.FromHexString(payload)));

        Assert.Equal((int)WebSocketCloseStatus.InvalidPayloadData, await client.ReceiveCloseAsync());
    }

    [Theory]
    [InlineData(false, ClientFrame.Text)]
    [InlineData(true, ClientFrame.Ping)]
    [InlineData(true, 0)]
    public async Task RSV1_where_it_is_not_allowed_closes_with_1002(bool agreed, int opcode)
    {
        await using var server = await StartRoomAsync();
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby", headers: agreed ? [Extension] : []);
        if (opcode == 0)
            await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "a"u8, final: false));

        await client.SendAsync(ClientFrame.Of(ClientFrame.Compressed | opcode, [0x00]));

        Assert.Equal((int)WebSocketCloseStatus.ProtocolError, await client.ReceiveCloseAsync());
    }

    /// <summary>The server refuses the message by the size of the frame if this exceeds the limit, and otherwise while inflating it.</summary>
    [Theory]
    [InlineData(64 * 1024)]
    [InlineData(4 * 1024 * 1024)]
    public async Task A_compression_bomb_closes_with_1009_and_does_not_affect_other_clients(int limit)
    {
        await using var server = await StartRoomAsync(limit);
        await using var other = await server.ConnectAsync("/chat/lobby", Offer());
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby", headers: Extension);

        await client.SendAsync(ClientFrame.Of(ClientFrame.Compressed | ClientFrame.Text, Bomb.Value));

        Assert.Equal((int)WebSocketCloseStatus.MessageTooBig, await client.ReceiveCloseAsync());
        await other.SendAsync(Long);
        Assert.Equal(Long, await other.ReceiveAsync());
    }

    private static Task<ChatServer> StartRoomAsync(int maxMessageSize = 64 * 1024) => ChatServer.StartAsync(
        app => app.MapWebSocketHandler<ChatRoom>("/chat/{room}", options =>
        {
            options.EnableCompression = true;
            options.MaxMessageSize = maxMessageSize;
        }));

    private static ClientSettings Offer() =>
        new() { Options = static options => options.DangerousDeflateOptions = new WebSocketDeflateOptions() };

    private static byte[] Deflate(string text) => ClientDeflate.Compress(Encoding.UTF8.GetBytes(text), CompressionLevel.SmallestSize);

    private static string Inflate(byte[] payload) => Encoding.UTF8.GetString(ClientDeflate.Inflate(payload));
}

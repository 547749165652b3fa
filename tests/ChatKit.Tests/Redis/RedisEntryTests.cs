using System.Net.WebSockets;
using System.Text;
using ChatKit.Redis;

namespace ChatKit.Tests.Redis;

public class RedisEntryTests
{
    private static readonly MessagePosition Position = new("e", 7);

    [Theory]
    [InlineData(WebSocketMessageType.Text, null, null, Audience.Everyone)]
    [InlineData(WebSocketMessageType.Binary, "", "", Audience.Others)]
    [InlineData(WebSocketMessageType.Text, "Ännchen 👋", "0123456789abcdef", Audience.Others)]
    public void An_entry_survives_encoding_and_decoding(WebSocketMessageType type, string? from, string? connectionId, Audience audience)
    {
        var at = new DateTimeOffset(2026, 11, 22, 18, 0, 0, 123, TimeSpan.FromHours(2));
        var message = new ChatMessage(type, Encoding.UTF8.GetBytes("payload"), at) { From = from, ConnectionId = connectionId, Audience = audience };

        var read = RedisEntry.Decode(RedisEntry.Encode(message), Position);

        Assert.Equal((type, "payload", at, from, connectionId, audience), (read.Type, read.Text, read.At, read.From, read.ConnectionId, read.Audience));
        Assert.Equal(Position, read.Position);
    }

    [Fact]
    public void An_entry_contains_the_trace_context_of_its_publisher()
    {
        const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        var message = new ChatMessage(WebSocketMessageType.Text, "payload"u8.ToArray(), DateTimeOffset.UnixEpoch) { From = "ann", TraceParent = TraceParent };

        var read = RedisEntry.Decode(RedisEntry.Encode(message), Position);

        Assert.Equal((TraceParent, "ann", "payload"), (read.TraceParent, read.From, read.Text));
        Assert.Equal(TraceParent.Length + sizeof(int), RedisEntry.Encode(message).Length - RedisEntry.Encode(message.WithTraceParent(null)).Length);
    }

    [Fact]
    public void An_entry_truncated_before_its_payload_is_rejected()
    {
        var message = new ChatMessage(WebSocketMessageType.Text, ReadOnlyMemory<byte>.Empty, DateTimeOffset.UnixEpoch) { From = "ann", ConnectionId = "c" };
        var entry = RedisEntry.Encode(message);

        Assert.All(Enumerable.Range(0, entry.Length), length =>
            Assert.Throws<InvalidDataException>(() => RedisEntry.Decode(entry.AsMemory(0, length), Position)));
    }

    [Fact]
    public void An_entry_of_a_later_version_or_with_invalid_values_is_rejected()
    {
        var entry = RedisEntry.Encode(new ChatMessage(WebSocketMessageType.Text, "x"u8.ToArray(), DateTimeOffset.UnixEpoch) { From = "ann" });
        byte[] later = [2, .. entry[1..]];
        byte[] negative = [.. entry[..10], 0xFF, 0xFF, 0xFF, 0xFF, .. entry[14..]];
        byte[] beyondTime = [.. entry[..2], 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, .. entry[10..]];

        Assert.All([later, negative, beyondTime], bytes => Assert.Throws<InvalidDataException>(() => RedisEntry.Decode(bytes, Position)));
    }
}

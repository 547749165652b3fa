using System.Net.WebSockets;
using System.Text;
using ChatKit.Redis;

namespace ChatKit.Tests.Redis;

public class RedisPayloadTests
{
    private static readonly ChatMessage Message = new(WebSocketMessageType.Text, "hi"u8.ToArray(), DateTimeOffset.UnixEpoch);

    [Theory]
    [InlineData("e:7", "e", 7)]
    [InlineData("a:b:7", "a:b", 7)]
    [InlineData("é:9223372036854775807", "é", long.MaxValue)]
    public void The_position_precedes_the_entry(string head, string epoch, long sequence) =>
        Assert.Equal(new MessagePosition(epoch, sequence), RedisPayload.Decode(Payload(head), "another").Position);

    [Fact]
    public void An_ephemeral_message_has_no_position() =>
        Assert.Null(RedisPayload.Decode(RedisPayload.OfEphemeral(Message), "e").Position);

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("e:")]
    [InlineData("e:x")]
    [InlineData("e:7 ")]
    [InlineData("e:-7")]
    [InlineData("e:0")]
    [InlineData(":7")]
    [InlineData("e:9223372036854775808")]
    public void An_invalid_position_is_rejected(string head) =>
        Assert.Throws<InvalidDataException>(() => RedisPayload.Decode(Payload(head), "e"));

    private static byte[] Payload(string head) => RedisEntry.Encode(Message, Encoding.UTF8.GetBytes(head + "\n"));
}

using System.Text;

namespace ChatKit.LoadTest.Generator.Protocols;

/// <summary>ChatKit's chatkit.v1: each message is a frame in JSON. The messages have no ref, so the server does not acknowledge them.</summary>
internal class V1Protocol : ClientProtocol
{
    public override string Subprotocol => "chatkit.v1";

    protected static ReadOnlySpan<byte> Welcome => "{\"type\":\"welcome\","u8;

    protected static ReadOnlySpan<byte> Message => "{\"type\":\"message\","u8;

    private static ReadOnlySpan<byte> Ping => "{\"type\":\"ping\""u8;

    private static ReadOnlySpan<byte> Pong => "{\"type\":\"pong\"}"u8;

    public override byte[] Wrap(ReadOnlySpan<byte> text) => [.. "{\"type\":\"message\",\"data\":\""u8, .. text, .. "\"}"u8];

    public override void OnConnected(Connection connection)
    {
        // The server sends first.
    }

    public override void OnMessage(Connection connection, ReadOnlySpan<byte> message, long now)
    {
        if (message.StartsWith(Message))
            connection.OnText(message[message.IndexOf(Stamp.Mark)..], now);
        else if (message.StartsWith(Welcome))
            connection.OnOpened();
        else if (AnswersPing(connection, message))
            return;
        else if (message.StartsWith("{\"type\":\"gap\""u8) || message.StartsWith("{\"type\":\"error\""u8))
            throw new InvalidDataException($"ChatKit says: {Encoding.UTF8.GetString(message)}");
    }

    /// <summary>Answers a message if it is a ping. Returns whether it was.</summary>
    protected static bool AnswersPing(Connection connection, ReadOnlySpan<byte> message)
    {
        if (!message.StartsWith(Ping))
            return false;
        connection.SendMessage(Pong);
        return true;
    }
}

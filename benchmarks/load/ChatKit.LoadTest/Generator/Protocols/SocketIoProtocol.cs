namespace ChatKit.LoadTest.Generator.Protocols;

/// <summary>Socket.IO 4 on Engine.IO 4, starting with WebSockets.</summary>
internal sealed class SocketIoProtocol : ClientProtocol
{
    private const byte EngineOpen = (byte)'0';
    private const byte EnginePing = (byte)'2';

    private static ReadOnlySpan<byte> Pong => "3"u8;

    private static ReadOnlySpan<byte> JoinNamespace => "40"u8;

    private static ReadOnlySpan<byte> Joined => "40"u8;

    private static ReadOnlySpan<byte> Event => "42"u8;

    public override string PathOf(string room) => $"/socket.io/?EIO=4&transport=websocket&room={room}";

    public override byte[] Wrap(ReadOnlySpan<byte> text) => [.. "42[\"m\",\""u8, .. text, .. "\"]"u8];

    public override void OnConnected(Connection connection)
    {
        // The server sends first.
    }

    public override void OnMessage(Connection connection, ReadOnlySpan<byte> message, long now)
    {
        if (message.StartsWith(Event))
            connection.OnText(message[message.IndexOf(Stamp.Mark)..], now);
        else if (message is [EnginePing])
            connection.SendMessage(Pong);
        else if (message is [EngineOpen, ..])
            connection.SendMessage(JoinNamespace);
        else if (message.StartsWith(Joined))
            connection.OnOpened();
        else
            throw new InvalidDataException($"Socket.IO says: {System.Text.Encoding.UTF8.GetString(message)}");
    }
}

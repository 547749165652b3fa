namespace ChatKit.LoadTest.Generator.Protocols;

/// <summary>SignalR's JSON protocol: a message contains one or more records that end in 0x1E.</summary>
internal sealed class SignalRProtocol : ClientProtocol
{
    private const byte RecordEnd = 0x1E;

    public override byte[]? KeepAlive { get; } = [.. "{\"type\":6}\u001e"u8];

    private static ReadOnlySpan<byte> Greeting => "{\"protocol\":\"json\",\"version\":1}\u001e"u8;

    /// <summary>The start of every invocation. Only invocations contain texts.</summary>
    private static ReadOnlySpan<byte> Invocation => "{\"type\":1,"u8;

    private static ReadOnlySpan<byte> Close => "{\"type\":7"u8;

    public override byte[] Wrap(ReadOnlySpan<byte> text) =>
        [.. "{\"type\":1,\"target\":\"Send\",\"arguments\":[\""u8, .. text, .. "\"]}\u001e"u8];

    public override void OnConnected(Connection connection) => connection.SendMessage(Greeting);

    public override void OnMessage(Connection connection, ReadOnlySpan<byte> message, long now)
    {
        while (!message.IsEmpty)
        {
            var length = message.IndexOf(RecordEnd);
            if (length < 0)
                throw new InvalidDataException("A SignalR message has no end.");
            OnRecord(connection, message[..length], now);
            message = message[(length + 1)..];
        }
    }

    private static void OnRecord(Connection connection, ReadOnlySpan<byte> record, long now)
    {
        if (record.StartsWith(Invocation))
            connection.OnText(record[record.IndexOf(Stamp.Mark)..], now);
        else if (!connection.IsOpen && record.SequenceEqual("{}"u8))
            connection.OnOpened();
        else if (!connection.IsOpen || record.StartsWith(Close))
            throw new InvalidDataException($"SignalR says: {System.Text.Encoding.UTF8.GetString(record)}");
    }
}

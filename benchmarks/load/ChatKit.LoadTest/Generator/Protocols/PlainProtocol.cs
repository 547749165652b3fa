namespace ChatKit.LoadTest.Generator.Protocols;

/// <summary>A message is a plain text in both directions.</summary>
internal sealed class PlainProtocol : ClientProtocol
{
    public override byte[] Wrap(ReadOnlySpan<byte> text) => text.ToArray();

    public override void OnConnected(Connection connection) => connection.OnOpened();

    public override void OnMessage(Connection connection, ReadOnlySpan<byte> message, long now) => connection.OnText(message, now);
}

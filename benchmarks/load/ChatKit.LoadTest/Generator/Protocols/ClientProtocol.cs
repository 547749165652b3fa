namespace ChatKit.LoadTest.Generator.Protocols;

/// <summary>How a client of some server greets, packs a text, and finds the texts in what it gets.</summary>
internal abstract class ClientProtocol
{
    /// <summary>The protocols by the names that they have on the command line.</summary>
    public static IReadOnlyDictionary<string, ClientProtocol> All { get; } = new Dictionary<string, ClientProtocol>
    {
        ["plain"] = new PlainProtocol(),
        ["signalr"] = new SignalRProtocol(),
        ["socketio"] = new SocketIoProtocol(),
    };

    /// <summary>Where a room is.</summary>
    public virtual string PathOf(string room) => $"/chat/{room}";

    /// <summary>What makes a text a message to everyone in the room.</summary>
    public abstract byte[] Wrap(ReadOnlySpan<byte> text);

    /// <summary>A message to be sent every now and then because the server wants to hear something; null if it does not.</summary>
    public virtual byte[]? KeepAlive => null;

    /// <summary>The connection has been upgraded.</summary>
    public abstract void OnUpgraded(Connection connection);

    /// <summary>The connection has got a whole WebSocket message.</summary>
    public abstract void OnMessage(Connection connection, ReadOnlySpan<byte> message, long now);
}

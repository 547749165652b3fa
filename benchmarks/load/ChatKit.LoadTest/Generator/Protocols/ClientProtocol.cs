namespace ChatKit.LoadTest.Generator.Protocols;

/// <summary>How a client of a server greets, encodes a text, and finds the texts in received messages.</summary>
internal abstract class ClientProtocol
{
    /// <summary>The protocols by their names on the command line.</summary>
    public static IReadOnlyDictionary<string, ClientProtocol> All { get; } = new Dictionary<string, ClientProtocol>
    {
        ["plain"] = new PlainProtocol(),
        ["signalr"] = new SignalRProtocol(),
        ["socketio"] = new SocketIoProtocol(),
    };

    /// <summary>The path of a room.</summary>
    public virtual string PathOf(string room) => $"/chat/{room}";

    /// <summary>Encodes a text as a message to everyone in the room.</summary>
    public abstract byte[] Wrap(ReadOnlySpan<byte> text);

    /// <summary>The message to send regularly if the server requires keep-alives; null if it does not.</summary>
    public virtual byte[]? KeepAlive => null;

    /// <summary>The connection has been upgraded.</summary>
    public abstract void OnUpgraded(Connection connection);

    /// <summary>The connection has received a complete WebSocket message.</summary>
    public abstract void OnMessage(Connection connection, ReadOnlySpan<byte> message, long now);
}

namespace ChatKit.LoadTest.Generator.Protocols;

/// <summary>How a client of a server greets, encodes a text, and finds the texts in received messages, whatever it is connected with.</summary>
internal abstract class ClientProtocol
{
    /// <summary>The WebSocket subprotocol to request; null for none.</summary>
    public virtual string? Subprotocol => null;

    /// <summary>The message to send regularly if the server requires keep-alives; null if it does not.</summary>
    public virtual byte[]? KeepAlive => null;

    /// <summary>The path of a room.</summary>
    public virtual string PathOf(string room) => $"/chat/{room}";

    /// <summary>Encodes a text as a message to everyone in the room.</summary>
    public abstract byte[] Wrap(ReadOnlySpan<byte> text);

    /// <summary>The client can send and receive messages.</summary>
    public abstract void OnConnected(Connection connection);

    /// <summary>The client has received a complete message.</summary>
    public abstract void OnMessage(Connection connection, ReadOnlySpan<byte> message, long now);
}

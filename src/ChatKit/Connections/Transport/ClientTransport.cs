using ChatKit.ChatKitV1;

namespace ChatKit.Connections.Transport;

/// <summary>
/// Carries messages between a connection and its client. How messages are framed, how the client is pinged, and how a close reaches it is
/// known only to the derived class.
/// </summary>
internal abstract class ClientTransport : IDisposable
{
    /// <summary>The way in which the client is reached.</summary>
    public abstract ChatTransports Kind { get; }

    /// <summary>
    /// Whether the connection lasts for one request. Such a client is not present in its rooms, and its rate is the host's concern.
    /// </summary>
    public virtual bool IsShort => false;

    /// <summary>Whether the client enters its home room. If not, the handler is only asked whether it may.</summary>
    public virtual bool EntersRooms => true;

    /// <summary>Whether the client waits for messages that are not stored, such as those for its user.</summary>
    public virtual bool WaitsForMessages => true;

    /// <summary>The room that a client which enters none addresses; null for its home room.</summary>
    public virtual string? AddressedRoom => null;

    /// <summary>The number of messages that the client wants when it joins a room; null for as many as the endpoint allows.</summary>
    public virtual int? Replay => null;

    /// <summary>With what the client proves, in other requests, that this connection is its own; null if it has no other requests.</summary>
    public virtual string? Token => null;

    /// <summary>The format of the bytes that <see cref="Outbound"/> accepts.</summary>
    public abstract WireFormat Format { get; }

    /// <summary>The messages that wait to be sent.</summary>
    public abstract OutboundQueue Outbound { get; }

    /// <summary>The number of bytes that the client has sent.</summary>
    public abstract long BytesReceived { get; }

    /// <summary>Sets the object that is notified of what the client sends and does. Must be called before anything is sent.</summary>
    public abstract void SetListener(ITransportListener listener);

    /// <summary>Receives until the client closes, breaks the protocol, or is gone. Never throws.</summary>
    public abstract Task ReceiveAsync();

    /// <summary>Sends a message that a client which is still there answers, however much is waiting.</summary>
    public abstract void Ping();

    /// <summary>Notifies the client that the connection is closed, after what waits to be sent. Nothing follows.</summary>
    /// <param name="close">How the connection is closed.</param>
    /// <param name="before">A last message; empty for none.</param>
    public abstract void SendClose(CloseInfo close, ReadOnlyMemory<byte> before = default);

    /// <summary>Releases what the transport itself holds. The host ends the connection.</summary>
    public abstract void Dispose();
}

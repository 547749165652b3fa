using ChatKit.ChatKitV1;

namespace ChatKit.Connections.Transport;

/// <summary>
/// Carries messages between a connection and its client. How messages are framed, how the client is pinged, and how a close reaches it is
/// known only to the derived class.
/// </summary>
internal abstract class ClientTransport : IDisposable
{
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

using System.Net.WebSockets;

namespace ChatKit;

/// <summary>An open connection of this node, as <see cref="INodeInspector"/> lists it. Each property is read when you access it.</summary>
public interface IOpenConnection
{
    /// <inheritdoc cref="WebSocketConnection.Id"/>
    string Id { get; }

    /// <summary>The user's id; null if the client is anonymous.</summary>
    string? UserId { get; }

    /// <inheritdoc cref="WebSocketConnection.Room"/>
    string Room { get; }

    /// <summary>
    /// The names of the rooms that the connection is in. A connection that is being opened, or that lasts for one request, can be in none.
    /// </summary>
    IReadOnlyCollection<string> Rooms { get; }

    /// <summary>The way in which the client has connected: one of the values of <see cref="ChatTransports"/>.</summary>
    ChatTransports Transport { get; }

    /// <summary>When the connection began.</summary>
    DateTimeOffset OpenedAt { get; }

    /// <summary>The number of bytes that the client has sent, in frames.</summary>
    long BytesReceived { get; }

    /// <summary>The number of bytes that were written to the client, in frames.</summary>
    long BytesSent { get; }

    /// <summary>The number of bytes that wait to be written. If they exceed the <see cref="QueueLimit"/>, the client is behind.</summary>
    long BytesQueued { get; }

    /// <summary>The endpoint's <see cref="WebSocketConnectionOptions.OutboundQueueLimit"/>, in bytes.</summary>
    int QueueLimit { get; }

    /// <summary>Closes the connection. Does nothing if it is closed.</summary>
    /// <param name="status">The close code (RFC 6455 section 7.4). ChatKit's clients don't reconnect after 1000 and 3000 to 4999.</param>
    /// <param name="reason">The reason, at most 123 bytes of UTF-8. Default: none.</param>
    /// <exception cref="ArgumentOutOfRangeException">The code can't be sent.</exception>
    /// <exception cref="ArgumentException">The reason is too long.</exception>
    void Close(WebSocketCloseStatus status, string? reason = null);
}

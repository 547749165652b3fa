using System.Net.WebSockets;

namespace ChatKit.Connections;

/// <summary>A connection as its node manages it: counts it, and closes it.</summary>
internal interface INodeConnection
{
    string? UserId { get; }

    /// <summary>When the connection began.</summary>
    DateTimeOffset OpenedAt { get; }

    /// <summary>How many bytes of frames the client has sent.</summary>
    long BytesReceived { get; }

    /// <summary>How many bytes of frames were written to the client.</summary>
    long BytesSent { get; }

    /// <summary>How many bytes wait to be written.</summary>
    long BytesQueued { get; }

    /// <summary>Closes the connection. Does nothing if it is closed.</summary>
    void Disconnect(WebSocketCloseStatus status, string? reason);

    /// <summary>Closes the connection because the node stops, and sends the client a time at which to connect again.</summary>
    void CloseForRestart();

    /// <summary>Ends the connection without a closing handshake.</summary>
    void Abort();
}

using System.Net.WebSockets;
using ChatKit.ChatKitV1;

namespace ChatKit.Rooms;

/// <summary>What a room needs of a connection.</summary>
internal interface IRoomClient
{
    string Id { get; }

    /// <summary>The ids of earlier connections of the same client; empty for most.</summary>
    IReadOnlyCollection<string> FormerIds { get; }

    /// <summary>How the client is sent messages.</summary>
    WireFormat Format { get; }

    IOutbound Outbound { get; }

    /// <summary>What the client counts as where it is told who is in a room; null if it does not count.</summary>
    string? PresentAs { get; }

    /// <summary>Whether a connection is, or was, this client's.</summary>
    bool Has(string? connectionId) => connectionId == Id || (connectionId is not null && FormerIds.Contains(connectionId));

    /// <summary>Closes the connection.</summary>
    void Disconnect(WebSocketCloseStatus status, string? reason);
}

using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>A connection as seen by a room.</summary>
internal interface IRoomClient
{
    string Id { get; }

    /// <summary>The IDs of earlier connections of the same client; empty for most clients.</summary>
    IReadOnlyCollection<string> FormerIds { get; }

    /// <summary>The wire format of the client.</summary>
    WireFormat Format { get; }

    IOutbound Outbound { get; }

    /// <summary>The name under which presence lists the client; null if presence does not list it.</summary>
    string? PresentAs { get; }

    /// <summary>Whether the client is notified of read cursors.</summary>
    bool TracksReads => false;

    /// <summary>The user whose read cursors the client moves; null if it moves none.</summary>
    string? ReadsAs => null;

    /// <summary>Enqueues a frame that can be lost, unless the client is not in a room, or its queue is full.</summary>
    void TryEnqueueIn(string room, ReadOnlyMemory<byte> frame)
    {
    }

    /// <summary>The data with which presence lists the client, as JSON; null if there is none.</summary>
    string? PresenceData { get; }

    /// <summary>Whether a connection belongs, or belonged, to this client.</summary>
    bool Has(string? connectionId) => connectionId == Id || (connectionId is not null && FormerIds.Contains(connectionId));

    /// <summary>The rooms that the connection is in.</summary>
    IReadOnlyCollection<string> RoomNames { get; }

    /// <summary>Lets the connection join a room in its turn, if its handler allows it.</summary>
    void JoinByServer(string room);

    /// <summary>Takes the connection out of a room that it joined up to the given time, and notifies the client.</summary>
    void LeaveByServer(UserCommand.Leave command, DateTimeOffset until);

    /// <summary>Closes the connection.</summary>
    void Disconnect(WebSocketCloseStatus status, string? reason);
}

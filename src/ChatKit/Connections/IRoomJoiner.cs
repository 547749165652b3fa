using ChatKit.Rooms;

namespace ChatKit.Connections;

/// <summary>A connection that can join rooms.</summary>
internal interface IRoomJoiner : IRoomClient
{
    /// <summary>Whether the server has closed the connection.</summary>
    bool ClosedHere { get; }

    /// <summary>How long ago the connection was opened, in milliseconds.</summary>
    uint Age { get; }

    /// <summary>Asks the connection's handler whether the client may join a room.</summary>
    ValueTask<bool> AuthorizeRoomAsync(string room);

    /// <summary>A room that the client was allowed to join could not be joined.</summary>
    void OnJoinFailed(string room, Exception exception);

    /// <summary>The number of stored messages that the client receives when it joins a room and has none of its messages.</summary>
    int ReplayIn(string room);

    /// <summary>The number of messages that a room keeps.</summary>
    int CapacityOf(string room);
}

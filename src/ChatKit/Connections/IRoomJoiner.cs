using ChatKit.Rooms;

namespace ChatKit.Connections;

/// <summary>A connection that can join rooms.</summary>
internal interface IRoomJoiner : IRoomClient
{
    /// <summary>Whether the server has closed the connection.</summary>
    bool ClosedHere { get; }

    /// <summary>Asks the connection's handler whether the client may join a room.</summary>
    ValueTask<bool> AuthorizeRoomAsync(string room);
}

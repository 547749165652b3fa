namespace ChatKit.ChatKitV1;

/// <summary>The result of a client's request to join a room.</summary>
internal enum JoinResult
{
    /// <summary>The client has joined the room.</summary>
    Joined,

    /// <summary>The client was in the room before, or the connection is about to end. Nothing was done.</summary>
    Unchanged,

    /// <summary>The handler has denied access.</summary>
    Denied,

    /// <summary>The client is in as many rooms as it may be.</summary>
    TooManyRooms,
}

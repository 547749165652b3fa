namespace ChatKit.Rooms;

/// <summary>How a message that arrives relates to the room's stream.</summary>
internal enum Arrival
{
    /// <summary>The room delivers it.</summary>
    Next,

    /// <summary>The room has accepted it before.</summary>
    Duplicate,

    /// <summary>Messages before it are missing.</summary>
    AfterGap,

    /// <summary>The stream has restarted.</summary>
    OfAnotherStream,
}

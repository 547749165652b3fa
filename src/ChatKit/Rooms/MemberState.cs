namespace ChatKit.Rooms;

/// <summary>How a member of a room receives its messages.</summary>
internal enum MemberState
{
    /// <summary>The member receives nothing: it has not been added yet, or has left.</summary>
    Outside,

    /// <summary>The member is receiving the messages that it has missed, from history.</summary>
    CatchingUp,

    /// <summary>The member cannot catch up because the history is unavailable. It tries again at the room's next check.</summary>
    Stalled,

    /// <summary>The member receives each message as it arrives.</summary>
    Live,
}

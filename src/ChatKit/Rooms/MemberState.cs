namespace ChatKit.Rooms;

/// <summary>How a member of a room receives its messages.</summary>
internal enum MemberState
{
    /// <summary>Not at all: it has not been added yet, or has left.</summary>
    Outside,

    /// <summary>Is being given what it has missed, from history.</summary>
    CatchingUp,

    /// <summary>Cannot catch up because the history is unavailable; is tried again at the room's next check.</summary>
    Stalled,

    /// <summary>Is given each message as it comes.</summary>
    Live,
}

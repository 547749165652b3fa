using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>The changes that a page of the history makes to a room.</summary>
/// <param name="Change">How the stream continues.</param>
/// <param name="Gap">The gap that the members are notified of; null for none.</param>
internal readonly record struct PageEffect(PageChange Change, MessageGap? Gap)
{
    public static PageEffect None => default;
}

internal enum PageChange
{
    /// <summary>The page continues what was accepted.</summary>
    Continues,

    /// <summary>Messages after the last accepted one are gone, or the stream has restarted.</summary>
    Jumped,

    /// <summary>The stream goes on under another epoch, with nothing missing.</summary>
    Renamed,

    /// <summary>The stream has lost its newest messages, and goes on from an earlier position.</summary>
    Rewound,
}

namespace ChatKit.Diagnostics;

/// <summary>Specifies who misses the messages of a gap.</summary>
internal enum GapScope
{
    /// <summary>One member, which was disconnected for too long or read too slowly for the room's history.</summary>
    Member,

    /// <summary>All live members of the room on this node. The messages were lost on the way to the node.</summary>
    Room,
}

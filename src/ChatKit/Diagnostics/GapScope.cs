namespace ChatKit.Diagnostics;

/// <summary>Who misses the messages of a gap.</summary>
internal enum GapScope
{
    /// <summary>One member: it was away for longer, or read more slowly, than the room remembers.</summary>
    Member,

    /// <summary>All who were live in the room on this node: the messages were lost on the way to it.</summary>
    Room,
}

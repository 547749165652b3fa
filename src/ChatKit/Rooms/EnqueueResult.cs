namespace ChatKit.Rooms;

/// <summary>What became of frames that were to be sent to a client.</summary>
internal enum EnqueueResult
{
    /// <summary>They will be written.</summary>
    Accepted,

    /// <summary>The queue is full; they were not taken.</summary>
    Full,

    /// <summary>The connection takes nothing any more.</summary>
    Closed,
}

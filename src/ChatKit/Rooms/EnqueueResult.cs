namespace ChatKit.Rooms;

/// <summary>The result of enqueuing frames for a client.</summary>
internal enum EnqueueResult
{
    /// <summary>The frames will be written.</summary>
    Accepted,

    /// <summary>The queue is full. The frames were not accepted.</summary>
    Full,

    /// <summary>The connection accepts no more frames.</summary>
    Closed,
}

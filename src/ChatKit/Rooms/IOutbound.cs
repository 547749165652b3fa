namespace ChatKit.Rooms;

/// <summary>The queue that a room enqueues a client's frames in.</summary>
internal interface IOutbound
{
    /// <summary>Enqueues whole frames, all or none. Never waits.</summary>
    EnqueueResult TryEnqueue(ReadOnlyMemory<byte> frames);

    /// <summary>
    /// Waits until a full queue has drained, and has space for frames of this size. Returns false if the connection accepts no more frames.
    /// </summary>
    ValueTask<bool> WaitForSpaceAsync(int bytes = 0, CancellationToken cancellationToken = default);
}

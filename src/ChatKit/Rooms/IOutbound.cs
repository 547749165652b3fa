namespace ChatKit.Rooms;

/// <summary>The queue that a room enqueues a client's frames in.</summary>
internal interface IOutbound
{
    /// <summary>Enqueues whole frames, all or none. Never waits.</summary>
    EnqueueResult TryEnqueue(ReadOnlyMemory<byte> frames);

    /// <summary>
    /// Enqueues the frame of a signal, unless the queue is more than half full. It takes the place of a frame with the same key that waits.
    /// Never waits.
    /// </summary>
    /// <returns>Whether the frame was accepted.</returns>
    bool TryEnqueueSignal(SignalKey key, ReadOnlyMemory<byte> frame);

    /// <summary>
    /// Lets small frames wait until <see cref="Release"/>, so that they are joined. Nothing may be awaited before that. Otherwise, each stored
    /// message that a member receives would take a write of its own.
    /// </summary>
    void Hold();

    /// <summary>Ends a hold.</summary>
    void Release();

    /// <summary>
    /// Waits until a full queue has drained, and has space for frames of this size. Returns false if the connection accepts no more frames.
    /// </summary>
    ValueTask<bool> WaitForSpaceAsync(int bytes = 0, CancellationToken cancellationToken = default);
}

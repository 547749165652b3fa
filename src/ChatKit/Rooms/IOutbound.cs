namespace ChatKit.Rooms;

/// <summary>Where a room puts what a client is to be sent.</summary>
internal interface IOutbound
{
    /// <summary>Takes whole frames for sending, all or none. Never waits.</summary>
    EnqueueResult TryEnqueue(ReadOnlyMemory<byte> frames);

    /// <summary>Waits until a full queue has drained and takes frames of a size. False if the connection takes nothing any more.</summary>
    ValueTask<bool> WaitForSpaceAsync(int bytes = 0);
}

namespace ChatKit.Rooms;

/// <summary>What a room needs of a connection.</summary>
internal interface IRoomClient
{
    string Id { get; }

    /// <summary>Whether the client has agreed to compressed messages.</summary>
    bool Compresses { get; }

    /// <summary>Takes whole frames for sending, all or none. Never waits.</summary>
    EnqueueResult TryEnqueue(ReadOnlyMemory<byte> frames);

    /// <summary>Waits until a full queue has drained and takes frames of a size. False if the connection takes nothing any more.</summary>
    ValueTask<bool> WaitForSpaceAsync(int bytes);

    /// <summary>Closes the connection because it cannot be given what it has missed.</summary>
    void CloseSlow(string reason);
}

namespace ChatKit.Rooms;

/// <summary>The turn of a room's member to receive stored messages. The owner disposes of it when the member is live, or gives up.</summary>
/// <param name="turns">The room's turns.</param>
internal sealed class CatchUpTurn(SemaphoreSlim turns) : IDisposable
{
    /// <summary>
    /// How long the other members wait while the client reads. Measured in real time, whatever clock the application uses. They do not wait
    /// for a slower client again.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(20);

    private bool _isTaken;
    private bool _isSlow;

    public async ValueTask TakeAsync(CancellationToken cancellationToken)
    {
        if (_isTaken)
            return;
        await turns.WaitAsync(cancellationToken).ConfigureAwait(false);
        _isTaken = true;
    }

    /// <summary>Waits until a queue has space, and lets others go first if that takes long. Returns false if the queue has ended.</summary>
    /// <param name="outbound">The queue of the member's client.</param>
    /// <param name="bytes">The space that is needed, in bytes.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async ValueTask<bool> WaitForSpaceAsync(IOutbound outbound, int bytes, CancellationToken cancellationToken)
    {
        var space = outbound.WaitForSpaceAsync(bytes, cancellationToken);
        if (space.IsCompleted || !_isTaken)
            return await space.ConfigureAwait(false);

        var waiting = space.AsTask();
        if (_isSlow || await Task.WhenAny(waiting, Task.Delay(Grace, TimeProvider.System, cancellationToken)).ConfigureAwait(false) != waiting)
        {
            _isSlow = true;
            Dispose();
        }

        return await waiting.ConfigureAwait(false);
    }

    public void Dispose()
    {
        if (_isTaken)
            turns.Release();
        _isTaken = false;
    }
}

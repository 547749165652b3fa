namespace ChatKit.Rooms;

/// <summary>The turn of a member of a room to be given what is stored. To be disposed of when the member is live, or gives up.</summary>
/// <param name="turns">Those of the room.</param>
internal sealed class CatchUpTurn(SemaphoreSlim turns) : IDisposable
{
    /// <summary>
    /// How long the others wait while the client reads, by real time whatever the clock of the application says. A client that is slower is not
    /// waited for again.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(20);

    private bool _isTaken;
    private bool _isSlow;

    public async ValueTask TakeAsync()
    {
        if (_isTaken)
            return;
        await turns.WaitAsync().ConfigureAwait(false);
        _isTaken = true;
    }

    /// <summary>Waits until a queue has space, and lets others go first if that takes long. False if it takes nothing any more.</summary>
    /// <param name="outbound">The queue of the member's client.</param>
    /// <param name="bytes">How much it must take.</param>
    public async ValueTask<bool> WaitForSpaceAsync(IOutbound outbound, int bytes)
    {
        var space = outbound.WaitForSpaceAsync(bytes);
        if (space.IsCompleted || !_isTaken)
            return await space.ConfigureAwait(false);

        var waiting = space.AsTask();
        if (_isSlow || await Task.WhenAny(waiting, Task.Delay(Grace, TimeProvider.System)).ConfigureAwait(false) != waiting)
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

namespace ChatKit.Rooms.Presence;

/// <summary>Limits how often a room says how many members it has. The room's lock guards it.</summary>
/// <param name="clock">The clock.</param>
/// <param name="onDue">Called, without the lock, when a notice that came too early is due.</param>
internal sealed class CountNotice(TimeProvider clock, Action onDue)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private long? _sentAt;
    private bool _isScheduled;

    /// <summary>The number that was last sent.</summary>
    public int LastCount { get; private set; }

    /// <summary>Takes the turn to send a number. Returns false if it is too early, or if the number was sent before.</summary>
    public bool TryTake(int count)
    {
        if (_isScheduled || (_sentAt is not null && count == LastCount))
            return false;
        if (_sentAt is { } sent && Interval - clock.GetElapsedTime(sent) is var wait && wait > TimeSpan.Zero)
        {
            _isScheduled = true;
            _ = WaitAsync(wait);
            return false;
        }

        (_sentAt, LastCount) = (clock.GetTimestamp(), count);
        return true;
    }

    /// <summary>Notes that the notice is due. The caller then takes its turn.</summary>
    public void OnDue() => _isScheduled = false;

    private async Task WaitAsync(TimeSpan wait)
    {
        await Task.Delay(wait, clock).ConfigureAwait(false);
        onDue();
    }
}

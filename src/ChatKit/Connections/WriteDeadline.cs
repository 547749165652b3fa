namespace ChatKit.Connections;

/// <summary>The time by which the network must have accepted a write. It runs from the first check that finds the write waiting.</summary>
internal struct WriteDeadline
{
    /// <summary>The slowest line on which a large frame still gets through, in bytes per second.</summary>
    private const int SlowestLine = 16 * 1024;

    private long _since;
    private int _number;

    /// <summary>Returns the rest of the time; the maximum if no write is waiting.</summary>
    /// <param name="number">The number of the write.</param>
    /// <param name="bytes">Its size; 0 if none is waiting.</param>
    /// <param name="timeout">The time for a small write.</param>
    /// <param name="clock">The clock.</param>
    public TimeSpan Rest(int number, int bytes, TimeSpan timeout, TimeProvider clock)
    {
        if (bytes == 0)
            return TimeSpan.MaxValue;
        if (number != _number)
            (_number, _since) = (number, clock.GetTimestamp());
        return timeout + TimeSpan.FromSeconds(bytes / (double)SlowestLine) - clock.GetElapsedTime(_since);
    }
}

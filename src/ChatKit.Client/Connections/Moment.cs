namespace ChatKit.Client.Connections;

/// <summary>When something happened, by two clocks: one that can be set, and one that can stop while the device sleeps.</summary>
internal readonly record struct Moment(DateTimeOffset Utc, long Timestamp)
{
    /// <summary>Clocks are corrected by a little all the time. The age of a message has a minute to spare.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(5);

    public static Moment Now(TimeProvider time) => new(time.GetUtcNow(), time.GetTimestamp());

    /// <summary>A moment of an earlier process. Its age is unknown if it is in the future.</summary>
    public static Moment At(DateTimeOffset utc, TimeProvider time)
    {
        var age = time.GetUtcNow() - utc;
        return new Moment(utc, age < TimeSpan.Zero ? 0 : time.GetTimestamp() - (long)(age.TotalSeconds * time.TimestampFrequency));
    }

    /// <summary>
    /// How long ago it was, at least: the greater of both clocks, and <see cref="TimeSpan.MaxValue"/> if the clock was set back meanwhile. That
    /// goes unnoticed only if the device has slept for longer than the time by which the clock was set back.
    /// </summary>
    public TimeSpan Age(TimeProvider time)
    {
        var (age, awake) = (time.GetUtcNow() - Utc, time.GetElapsedTime(Timestamp));
        return age < awake - Tolerance ? TimeSpan.MaxValue : age > awake ? age : awake;
    }
}

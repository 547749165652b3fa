using System.Threading.RateLimiting;

namespace ChatKit.Connections.Inbound;

/// <summary>
/// How fast a client may send: a bucket of as many messages as may come at once, which fills at the rate that may go on for ever. It is
/// filled when something comes, so that a silent client costs no timer.
/// </summary>
/// <param name="perSecond">How many messages a second may go on for ever.</param>
/// <param name="burst">How many may come at once.</param>
internal sealed class InboundRate(double perSecond, int burst) : IDisposable
{
    /// <summary>Pings, pongs and fragments are work, too, but little: so many of them count as a message.</summary>
    private const int FramesOfMessage = 32;

    private readonly TokenBucketRateLimiter _bucket = new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = burst,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1 / perSecond),
        AutoReplenishment = false,
        QueueLimit = 0,
    });

    /// <summary>Nobody is sent away for longer, whatever the rate: meanwhile it receives nothing either.</summary>
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    private int _frames;

    /// <summary>
    /// How long a client stays away that has sent too much: the time in which an empty bucket fills. A new connection has a full one, so a
    /// client that comes back after this keeps to the rate, and gets through as fast as it may.
    /// </summary>
    public TimeSpan Retry { get; } = TimeSpan.FromSeconds(Math.Min(burst / perSecond, LongestRetry.TotalSeconds));

    /// <summary>A message has come. False if it is one too many.</summary>
    public bool TryTake()
    {
        _bucket.TryReplenish();
        using var lease = _bucket.AttemptAcquire();
        return lease.IsAcquired;
    }

    /// <summary>Frames have come that are no message. False if that is too many.</summary>
    public bool TryTakeFrames(int count)
    {
        _frames += count;
        while (_frames >= FramesOfMessage)
        {
            _frames -= FramesOfMessage;
            if (!TryTake())
                return false;
        }

        return true;
    }

    public void Dispose() => _bucket.Dispose();
}

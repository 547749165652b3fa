using System.Threading.RateLimiting;

namespace ChatKit.Connections.Inbound;

/// <summary>
/// Limits the rate at which a client sends, with a token bucket. The bucket is refilled when a message arrives, so that a silent client
/// needs no timer.
/// </summary>
/// <param name="perSecond">The sustained rate, in messages per second.</param>
/// <param name="burst">The number of messages that may arrive at once.</param>
internal sealed class InboundRate(double perSecond, int burst) : IDisposable
{
    /// <summary>Pings, pongs and fragments cost some work too, but little: this many of them count as one message.</summary>
    private const int FramesOfMessage = 32;

    private readonly TokenBucketRateLimiter _bucket = new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = burst,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1 / perSecond),
        AutoReplenishment = false,
        QueueLimit = 0,
    });

    /// <summary>The longest time that a client has to stay away, whatever the rate. It receives nothing meanwhile.</summary>
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    private int _frames;

    /// <summary>
    /// How long a client that has exceeded the limit has to stay away: the time in which an empty bucket fills. A new connection has a full
    /// bucket, so a client that comes back after this time keeps to the rate, and is as fast as the rate allows.
    /// </summary>
    public TimeSpan Retry { get; } = TimeSpan.FromSeconds(Math.Min(burst / perSecond, LongestRetry.TotalSeconds));

    /// <summary>Counts a message. Returns false if it exceeds the limit.</summary>
    public bool TryTake()
    {
        _bucket.TryReplenish();
        using var lease = _bucket.AttemptAcquire();
        return lease.IsAcquired;
    }

    /// <summary>Counts frames that are not messages. Returns false if they exceed the limit.</summary>
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

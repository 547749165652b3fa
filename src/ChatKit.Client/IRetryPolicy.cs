namespace ChatKit.Client;

/// <summary>Decides how long a client waits before it connects again. The client waits for the decision, so it must not block.</summary>
public interface IRetryPolicy
{
    /// <summary>Returns the delay, to which the client adds <see cref="RetryContext.Minimum"/>; null to stay closed.</summary>
    /// <param name="context">Why and how often the client has failed to connect.</param>
    TimeSpan? GetDelay(RetryContext context);
}

/// <summary>Why and how often a client has failed to connect.</summary>
/// <param name="Attempt">The number of attempts since the client was last live, from 0.</param>
/// <param name="CloseCode">The close code (RFC 6455 section 7.4); 1006 if the connection was lost or not established.</param>
/// <param name="Reason">The reason; can be empty.</param>
/// <param name="Minimum">The time that the protocol demands, for example 10 seconds after 1008.</param>
public sealed record RetryContext(int Attempt, int CloseCode, string Reason, TimeSpan Minimum);

/// <summary>
/// Full jitter: a random time up to a ceiling, which doubles with each attempt. So the clients of a server that has stopped don't all come back
/// at once.
/// </summary>
public sealed class FullJitterRetryPolicy : IRetryPolicy
{
    private const int MaxDoublings = 30;

    private TimeSpan _first = TimeSpan.FromMilliseconds(500);
    private TimeSpan _limit = TimeSpan.FromSeconds(30);

    /// <summary>The ceiling of the first delay. Default: 0.5 seconds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan First
    {
        get => _first;
        init => _first = NotNegative(value);
    }

    /// <summary>The limit of the ceiling. Default: 30 seconds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan Limit
    {
        get => _limit;
        init => _limit = NotNegative(value);
    }

    /// <summary>The source of random numbers.</summary>
    internal Random Random { get; init; } = Random.Shared;

    /// <inheritdoc/>
    public TimeSpan? GetDelay(RetryContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return After(context.Attempt);
    }

    internal TimeSpan After(int attempt)
    {
        var ceiling = Math.Min(_limit.TotalSeconds, _first.TotalSeconds * Math.Pow(2, Math.Min(attempt, MaxDoublings)));
        return TimeSpan.FromSeconds(Random.NextDouble() * ceiling);
    }

    private static TimeSpan NotNegative(TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
        return value;
    }
}

using System.Net.WebSockets;

namespace ChatKit.TestKit.Client;

/// <summary>Decides whether and when a client reconnects, by the close codes of the protocol and with full jitter.</summary>
internal sealed class Reconnecting(ChatClientOptions options)
{
    /// <summary>The number of consecutive refusals after which a client stays closed.</summary>
    private const int MaxRefusals = 3;

    /// <summary>The limit of the exponent, so that the delay does not overflow.</summary>
    private const int MaxDoublings = 30;

    private int _attempts;
    private int _refusals;
    private TimeSpan? _retry;
    private TimeSpan? _rateLimited;

    public void OnLive() => _attempts = _refusals = 0;

    /// <summary>The server is stopping, and has sent the time to reconnect.</summary>
    public void OnRestart(TimeSpan retry) => _retry = retry;

    /// <summary>
    /// The server is closing the connection because of its rate limit. This is not a refusal, because the client can continue later.
    /// </summary>
    /// <param name="retry">The delay in seconds, if the server has sent one.</param>
    public void OnRateLimited(double? retry) => _rateLimited = retry is { } seconds ? TimeSpan.FromSeconds(seconds) : options.PolicyDelay;

    /// <summary>Returns the delay before the next attempt; null to stay closed.</summary>
    /// <param name="code">The close code of the connection; null if it was lost or not established.</param>
    public TimeSpan? DelayAfter(WebSocketCloseStatus? code)
    {
        var retry = _retry;
        _retry = null;
        var ceiling = Math.Min(options.LongestDelay.TotalSeconds, options.FirstDelay.TotalSeconds * Math.Pow(2, Math.Min(_attempts++, MaxDoublings)));
        var jitter = TimeSpan.FromSeconds(options.Random.NextDouble() * ceiling);
        var policy = _rateLimited ?? options.PolicyDelay;
        _refusals = code == WebSocketCloseStatus.PolicyViolation && _rateLimited is null ? _refusals + 1 : 0;
        _rateLimited = null;
        return (int?)code switch
        {
            1000 or 1002 or 1003 or 1007 or 1009 or >= 3000 and <= 4999 => null,
            1008 => _refusals < MaxRefusals ? policy + jitter : null,
            1013 => options.BusyDelay + jitter,
            _ => retry ?? jitter,
        };
    }
}

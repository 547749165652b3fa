using System.Net.WebSockets;

namespace ChatKit.TestKit.Client;

/// <summary>When a client connects again, if at all: the close codes of the protocol, and full jitter.</summary>
internal sealed class Reconnecting(ChatClientOptions options)
{
    /// <summary>As often as this in a row a client is refused before it stays away.</summary>
    private const int MaxRefusals = 3;

    /// <summary>Twice as long each time, but no number is that large.</summary>
    private const int MaxDoublings = 30;

    private int _attempts;
    private int _refusals;
    private TimeSpan? _retry;
    private TimeSpan? _rateLimited;

    public void OnLive() => _attempts = _refusals = 0;

    /// <summary>The server stops, and has said when to come back.</summary>
    public void OnRestart(TimeSpan retry) => _retry = retry;

    /// <summary>The connection will be closed because the client has sent too much. That is no refusal: it may go on later.</summary>
    /// <param name="retry">How many seconds later, if the server has said so.</param>
    public void OnRateLimited(double? retry) => _rateLimited = retry is { } seconds ? TimeSpan.FromSeconds(seconds) : options.PolicyDelay;

    /// <summary>How long to wait before the next attempt; null to stay closed.</summary>
    /// <param name="code">The code that has ended the connection; null if it broke, or was not made.</param>
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

using Microsoft.Extensions.Logging;

namespace ChatKit.Redis;

/// <summary>Logs once when the server becomes unavailable, and once when it is available again.</summary>
internal sealed class RedisAvailability(ILogger logger)
{
    private readonly Lock _gate = new();
    private bool _isUnavailable;
    private string? _lastRefusal;

    public void OnUnavailable(string server, string problem)
    {
        lock (_gate)
        {
            if (_isUnavailable)
                return;
            _isUnavailable = true;
        }

        logger.RedisUnavailable(server, problem);
    }

    public void OnAvailable(string server)
    {
        lock (_gate)
        {
            if (!_isUnavailable)
                return;
            _isUnavailable = false;
            _lastRefusal = null;
        }

        logger.RedisAvailable(server);
    }

    /// <summary>
    /// Logs that the server answers but refuses commands. Consecutive refusals with the same reason are logged once, because every message
    /// may be refused.
    /// </summary>
    public void OnRefused(string problem)
    {
        if (Interlocked.Exchange(ref _lastRefusal, problem) != problem)
            logger.RedisRefuses(problem);
    }
}

using System.Net.WebSockets;

namespace ChatKit.Connections;

/// <summary>Closes a connection when the client's credentials expire. Closes it at once if they have already expired.</summary>
internal sealed class Expiry : IDisposable
{
    /// <summary>A timer accepts at most 49 days.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <summary>Timers count in whole milliseconds. The margin keeps one from firing just before the end.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(1);

    private readonly ServerConnection _connection;
    private readonly DateTimeOffset _at;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;

    public Expiry(ServerConnection connection, DateTimeOffset at, TimeProvider clock)
    {
        (_connection, _at, _clock) = (connection, at, clock);
        using (RequestContext.Suppress())
            _timer = clock.CreateTimer(static self => ((Expiry)self!).Check(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Check();
    }

    public void Dispose() => _timer.Dispose();

    private void Check()
    {
        var left = _at - _clock.GetUtcNow();
        if (left > TimeSpan.Zero)
        {
            _timer.Change(left < Longest ? left + Margin : Longest, Timeout.InfiniteTimeSpan);
            return;
        }

        _connection.CloseHere(WebSocketCloseStatus.PolicyViolation, "the credentials have expired");
    }
}

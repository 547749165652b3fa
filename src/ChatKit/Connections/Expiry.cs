using System.Net.WebSockets;

namespace ChatKit.Connections;

/// <summary>Closes a connection when what its client has proved itself with expires; at once if it has expired already.</summary>
internal sealed class Expiry : IDisposable
{
    /// <summary>A timer takes no more than 49 days.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <summary>Timers count in whole milliseconds, and must not fire for nothing just before the end.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(1);

    private readonly ServerConnection _connection;
    private readonly DateTimeOffset _at;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;

    public Expiry(ServerConnection connection, DateTimeOffset at, TimeProvider clock)
    {
        (_connection, _at, _clock) = (connection, at, clock);
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

        _connection.CloseHere(WebSocketCloseStatus.PolicyViolation, "the authentication has expired");
    }
}

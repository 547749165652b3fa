using System.Net.WebSockets;
using ChatKit.Diagnostics;
using ChatKit.Rooms.Events;
using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms;

/// <summary>
/// Stores which users were disconnected recently, in the history of a room that ChatKit reserves. An announcement may be lost, but every
/// node finds the stored entry, when it reconnects and at each check. One read covers all users.
/// </summary>
internal sealed class DisconnectLog(IMessageHistory history, TimeProvider clock, ILogger<DisconnectLog> logger) : IDisposable
{
    /// <summary>Starts with a control character, unlike any room that a client can name.</summary>
    public const string RoomName = "\u0001disconnects";

    /// <summary>More users than an application disconnects while a node is away, in about 100 KB.</summary>
    private const int Capacity = 1000;

    /// <summary>
    /// The maximum difference between the clocks of two nodes. A connection that seems to have opened up to this much later than its user
    /// was disconnected by another node is disconnected too.
    /// </summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(1);

    /// <summary>Distinguishes the entries of this node from those of other nodes.</summary>
    private readonly string _node = Guid.NewGuid().ToString("n");

    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _gate = new();
    private Task? _next;
    private MessagePosition? _read;

    /// <summary>Raised when a user is disconnected. Applies to each connection that was opened up to the given time.</summary>
    public event Action<string, DisconnectEvent, DateTimeOffset>? Found;

    /// <summary>Records that a user is disconnected.</summary>
    /// <exception cref="HistoryUnavailableException">The entry could not be stored.</exception>
    public async ValueTask AddAsync(string userId, DisconnectEvent notice, CancellationToken cancellationToken)
    {
        var entry = new ChatMessage(WebSocketMessageType.Text, Announcement.Encode(notice), clock.GetUtcNow())
        {
            From = userId,
            ConnectionId = _node,
        };
        await history.AppendAsync(RoomName, entry, Capacity, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Reads the entries that were stored since the last check. Calls during a read share the next read, which begins after them.
    /// </summary>
    public Task CheckAsync()
    {
        lock (_gate)
            return _next ??= NextAsync();
    }

    public void Dispose() => _turn.Dispose();

    private async Task NextAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        lock (_gate)
            _next = null;
        try
        {
            await ReadAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The next check tries again.
            var level = LogLevels.Of(e);
            logger.DisconnectsUnread(level, e);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask ReadAsync()
    {
        var page = await history.ReadAsync(RoomName, _read).ConfigureAwait(false);
        if (_read is not null && (page.Missed > 0 || page.Restarted))
            logger.DisconnectsMissed();
        foreach (var entry in page.Messages)
        {
            if (entry.From is { } user && Announcement.Decode(entry.Data.Span) is DisconnectEvent notice)
                Found?.Invoke(user, notice, entry.ConnectionId == _node ? entry.At : entry.At + ClockSkew);
        }

        _read = page.Top;
    }
}

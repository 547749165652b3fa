using System.Net.WebSockets;
using ChatKit.Diagnostics;
using ChatKit.Rooms.Events;
using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms;

/// <summary>
/// Who was disconnected lately, in the history, in a room of ChatKit's own. An announcement may be lost; what is stored is found by every
/// node, when it is connected again and at each check. One read for all users.
/// </summary>
internal sealed class DisconnectLog(IMessageHistory history, TimeProvider clock, ILogger<DisconnectLog> logger) : IDisposable
{
    /// <summary>Begins with a control character, as no room that a client can name does.</summary>
    public const string RoomName = "\u0001disconnects";

    /// <summary>More than an application disconnects while a node is away, in about 100 KB.</summary>
    private const int Capacity = 1000;

    /// <summary>
    /// How far the clocks of two nodes may differ: a connection that seems to have begun so much later than another node has disconnected its
    /// user counts as one of before.
    /// </summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(1);

    /// <summary>Tells what this node has stored from what others have.</summary>
    private readonly string _node = Guid.NewGuid().ToString("n");

    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _gate = new();
    private Task? _next;
    private MessagePosition? _read;

    /// <summary>A user is disconnected: each of its connections that was opened until then.</summary>
    public event Action<string, DisconnectEvent, DateTimeOffset>? Found;

    /// <summary>Stores that a user is disconnected.</summary>
    /// <exception cref="HistoryUnavailableException">It could not be stored.</exception>
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
    /// Reads what was stored since the last time. All that ask while a read is under way share the next one, which begins after they have
    /// asked.
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

using System.Net.WebSockets;
using ChatKit.Diagnostics;
using ChatKit.Rooms.Events;
using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms;

/// <summary>
/// Stores which users were disconnected, or taken out of a room, recently, in the history of a room that ChatKit reserves. An announcement may
/// be lost, but every node finds the stored entry, when it reconnects and at each check. One read covers all users.
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

    /// <summary>The accuracy of times. What happens within it after an announcement is not affected.</summary>
    private static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(1);

    /// <summary>Distinguishes the entries of this node from those of other nodes.</summary>
    private readonly string _node = Guid.NewGuid().ToString("n");

    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _gate = new();
    private Task? _next;
    private MessagePosition? _read;

    /// <summary>
    /// When the entries that this node has not read yet were announced. A connection that joins a room again after it was taken out of it must
    /// not be taken out again when the entry is read.
    /// </summary>
    private readonly Dictionary<MessagePosition, DateTimeOffset> _announced = [];

    /// <summary>
    /// Raised when a user is disconnected or taken out of a room. Applies to each connection that was opened, or has joined the room, up to the
    /// given time.
    /// </summary>
    public event Action<string, RoomEvent, DateTimeOffset>? Found;

    /// <summary>Records that a user is disconnected, or taken out of a room. Returns the position of the entry.</summary>
    /// <exception cref="HistoryUnavailableException">The entry could not be stored.</exception>
    public async ValueTask<MessagePosition> AddAsync(string userId, RoomEvent notice, CancellationToken cancellationToken)
    {
        var entry = new ChatMessage(WebSocketMessageType.Text, Announcement.Encode(notice), clock.GetUtcNow())
        {
            From = userId,
            ConnectionId = _node,
        };
        return (await history.AppendAsync(RoomName, entry, Capacity, cancellationToken).ConfigureAwait(false)).Position;
    }

    /// <summary>
    /// Reads the entries that were stored since the last check. Calls during a read share the next read, which begins after them.
    /// </summary>
    public Task CheckAsync()
    {
        lock (_gate)
            return _next ??= NextAsync();
    }

    /// <summary>Records that an entry was announced on this node, and takes effect now.</summary>
    public void Announced(MessagePosition entry)
    {
        lock (_gate)
        {
            if (_announced.Count < Capacity && (_read is not { } read || !entry.IsAtOrBefore(read)))
                _announced[entry] = clock.GetUtcNow();
        }
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
            if (entry.From is { } user && Announcement.Decode(entry.Data.Span) is { } notice and (DisconnectEvent or UserCommand.Leave))
                Found?.Invoke(user, notice, EndOf(entry));
        }

        lock (_gate)
        {
            _read = page.Top;
            foreach (var entry in _announced.Keys.Where(entry => entry.IsAtOrBefore(page.Top)).ToList())
                _announced.Remove(entry);
        }
    }

    /// <summary>The time up to which an entry applies. What happens after its announcement has arrived is not affected.</summary>
    private DateTimeOffset EndOf(ChatMessage entry)
    {
        lock (_gate)
        {
            if (_announced.TryGetValue(entry.Position.GetValueOrDefault(), out var announced))
                return announced - Resolution;
        }

        return entry.ConnectionId == _node ? entry.At : entry.At + ClockSkew;
    }
}

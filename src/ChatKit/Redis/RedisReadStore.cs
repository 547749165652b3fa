using ChatKit.Rooms.Reads;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>
/// Stores read cursors in Redis, for all nodes. If the messages are there too, one script does all that an operation needs. Otherwise the
/// application's own history knows what is stored.
/// </summary>
internal sealed class RedisReadStore(
    IMessageHistory history, RedisConnection connection, RedisRooms rooms, IOptions<ChatKitOptions> options) : IReadStore
{
    private const string NotKept = "The read cursor was not stored";
    private const string NotRead = "The read cursors could not be read";

    /// <summary>The number of rooms that are asked about at once. Their scripts run for a few milliseconds.</summary>
    private const int RoomsAtOnce = 1000;

    private readonly bool _isHistoryInRedis = history is RedisMessageHistory;

    /// <summary>As long as the positions of a room that is not used.</summary>
    private long TimeToLive => (long)options.Value.RoomTimeToLive.TotalMilliseconds * 2;

    public async ValueTask<MessagePosition?> MoveAsync(string room, string user, MessagePosition to, CancellationToken cancellationToken)
    {
        var top = MessagePosition.None;
        if (!_isHistoryInRedis)
            top = (await history.ReadAsync(room, to, cancellationToken).ConfigureAwait(false)).Top;
        if (to.Sequence == 0 || (!_isHistoryInRedis && to.Epoch != top.Epoch))
            return null;

        RedisValue[] arguments = [user, to.Epoch, to.Sequence, TimeToLive, top.Epoch, top.Sequence];
        var answers = await RunAsync(RedisReadScripts.Move, [room], arguments, NotKept, cancellationToken).ConfigureAwait(false);
        return answers[0].IsNull ? null : to with { Sequence = (long)answers[0] };
    }

    public async ValueTask<IReadOnlyList<ReadState>> GetAsync(string user, IReadOnlyList<string> rooms, CancellationToken cancellationToken)
    {
        var states = new List<ReadState>(rooms.Count);
        RedisValue[] arguments = [user, TimeToLive];
        foreach (var some in rooms.Chunk(RoomsAtOnce))
        {
            var script = _isHistoryInRedis ? RedisReadScripts.Get : RedisReadScripts.GetCursor;
            var answers = await RunAsync(script, some, arguments, NotRead, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < some.Length; i++)
            {
                states.Add(_isHistoryInRedis
                    ? StateOf((RedisResult[])answers[i]!)
                    : await ReadAsync(some[i], (string?)answers[i], cancellationToken).ConfigureAwait(false));
            }
        }

        return states;
    }

    private static ReadState StateOf(RedisResult[] answer)
    {
        if (answer.Length == 0)
            return new ReadState(null, MessagePosition.None, 0);
        var top = new MessagePosition((string)answer[0]!, (long)answer[1]);
        var read = (long)answer[2];
        return new ReadState(read == 0 ? null : top with { Sequence = read }, top, (int)answer[3]);
    }

    private async ValueTask<ReadState> ReadAsync(string room, string? known, CancellationToken cancellationToken)
    {
        MessagePosition? cursor = MessagePosition.TryParse(known, out var position) ? position : null;
        return ReadState.Of(cursor, await history.ReadAsync(room, cursor, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Runs a script for each room. All are sent before the first answer arrives.</summary>
    private async Task<RedisResult[]> RunAsync(
        RedisScript script, string[] names, RedisValue[] arguments, string failure, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var database = await connection.GetDatabaseAsync().ConfigureAwait(false);
            return await Task
                .WhenAll(names.Select(name => script.RunAsync(database, rooms[name].ReadKeys, arguments)))
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (connection.UnavailableOf(e, failure) is { } unavailable)
        {
            throw unavailable;
        }
    }
}

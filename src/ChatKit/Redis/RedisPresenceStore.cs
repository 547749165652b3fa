using ChatKit.Rooms.Presence;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>Keeps who is in which room in Redis, for all nodes. What a node says holds for a while, so that it need not live to take it back.</summary>
internal sealed class RedisPresenceStore(RedisConnection connection, RedisRooms rooms) : IPresenceStore
{
    private const string NotKept = "Who is in the room was not stored";
    private const string NotRead = "Who is in the room could not be read";

    /// <summary>Of a large room, so many are said in one script: it runs for about a millisecond.</summary>
    private const int MembersAtOnce = 500;

    /// <summary>Tells what this node says from what others do. A node that starts again is another one.</summary>
    private readonly string _node = Guid.NewGuid().ToString("n");

    public async ValueTask<int> EnterAsync(string room, IReadOnlyCollection<string> members, TimeSpan lifetime)
    {
        var unknown = 0;
        foreach (var some in members.Chunk(MembersAtOnce))
        {
            unknown += (int)await RunAsync(
                RedisPresenceScripts.Enter,
                room,
                [_node, (long)lifetime.TotalMilliseconds, .. some.Select(static member => (RedisValue)member)],
                NotKept).ConfigureAwait(false);
        }

        return unknown;
    }

    public async ValueTask<bool> LeaveAsync(string room, string member) =>
        (bool)await RunAsync(RedisPresenceScripts.Leave, room, [_node, member], NotKept).ConfigureAwait(false);

    public async ValueTask<IReadOnlyCollection<string>> ListAsync(string room, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(room);
        return (string[])(await RunAsync(RedisPresenceScripts.List, room, [], NotRead, cancellationToken).ConfigureAwait(false))!;
    }

    private async ValueTask<RedisResult> RunAsync(
        RedisScript script, string room, RedisValue[] arguments, string failure, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var database = await connection.GetDatabaseAsync().ConfigureAwait(false);
            return await script.RunAsync(database, rooms[room].PresenceKeys, arguments).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (connection.UnavailableOf(e, failure) is { } unavailable)
        {
            throw unavailable;
        }
    }
}

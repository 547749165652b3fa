using ChatKit.Rooms.Presence;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>Stores presence in Redis, for all nodes. A node's entries expire, so those of a crashed node are removed too.</summary>
internal sealed class RedisPresenceStore(RedisConnection connection, RedisRooms rooms) : IPresenceStore
{
    private const string NotKept = "Presence was not stored";
    private const string NotRead = "Presence could not be read";

    /// <summary>The number of members of a large room that one script stores. It runs for about a millisecond.</summary>
    private const int MembersPerScript = 500;

    /// <summary>Identifies this node's entries. A node that restarts has a new id.</summary>
    private readonly string _node = Guid.NewGuid().ToString("n");

    public async ValueTask<int> EnterAsync(string room, IReadOnlyCollection<MemberData> members, TimeSpan lifetime, bool isRenewal)
    {
        var unknown = 0;
        RedisValue keepsData = isRenewal;
        foreach (var some in members.Chunk(MembersPerScript))
        {
            unknown += (int)await RunAsync(
                RedisPresenceScripts.Enter,
                room,
                [_node, (long)lifetime.TotalMilliseconds, keepsData, .. some.SelectMany(static it => new RedisValue[] { it.Id, it.Json ?? "" })],
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

    public async ValueTask<IReadOnlyCollection<MemberData>> ReadAsync(string room, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(room);
        var all = (string[])(await RunAsync(RedisPresenceScripts.Read, room, [], NotRead, cancellationToken).ConfigureAwait(false))!;
        return [.. all.Chunk(2).Select(static member => new MemberData(member[0], member[1].Length > 0 ? member[1] : null))];
    }

    public async ValueTask<int> CountAsync(string room, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(room);
        return (int)await RunAsync(RedisPresenceScripts.Count, room, [], NotRead, cancellationToken).ConfigureAwait(false);
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

using ChatKit.Rooms;

namespace ChatKit.Connections;

/// <summary>The rooms that one connection is in.</summary>
/// <param name="client">The connection.</param>
/// <param name="registry">All rooms of this node.</param>
/// <param name="limit">How many rooms it may be in.</param>
/// <param name="resumeAfter">Up to where the client has the messages of rooms; each counts for the first time that it enters the room.</param>
internal sealed class ConnectionRooms(
    IRoomClient client, RoomRegistry registry, int limit, IReadOnlyDictionary<string, MessagePosition> resumeAfter)
{
    // Few, and for most connections one or two: a list is smaller than a dictionary, and as fast.
    private readonly List<RoomMembership> _memberships = new(1);
    private HashSet<string>? _resumed;
    private int _uncounted;
    private bool _leftAll;

    /// <summary>Enters a room. Does nothing if the connection is in it, or has left all for good.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="replay">How many stored messages the client is given.</param>
    /// <param name="counts">Whether the room counts towards the limit.</param>
    /// <exception cref="InvalidOperationException">The connection is in as many rooms as it may be.</exception>
    public ValueTask EnterAsync(string room, int replay, bool counts = true)
    {
        RoomMembership membership;
        lock (_memberships)
        {
            if (_leftAll || Find(room) is not null)
                return ValueTask.CompletedTask;

            if (!counts)
                _uncounted++;
            else if (_memberships.Count - _uncounted >= limit)
            {
                throw new InvalidOperationException(
                    $"The connection is in {limit} rooms already. Leave one first, or raise "
                    + $"{nameof(ChatKitOptions)}.{nameof(ChatKitOptions.MaxRoomsPerConnection)}.");
            }

            MessagePosition? after = resumeAfter.TryGetValue(room, out var position) && (_resumed ??= []).Add(room) ? position : null;
            membership = registry.Enter(room, client, replay, after);
            _memberships.Add(membership);
        }

        return StartAsync(membership);
    }

    public ValueTask LeaveAsync(string room)
    {
        RoomMembership? membership;
        lock (_memberships)
        {
            membership = Find(room);
            _memberships.Remove(membership!);
        }

        return membership?.LeaveAsync() ?? ValueTask.CompletedTask;
    }

    /// <summary>Leaves every room, and enters none any more.</summary>
    public async ValueTask LeaveAllAsync()
    {
        RoomMembership[] memberships;
        lock (_memberships)
        {
            _leftAll = true;
            memberships = [.. _memberships];
            _memberships.Clear();
        }

        foreach (var membership in memberships)
            await membership.LeaveAsync().ConfigureAwait(false);
    }

    /// <summary>Starts a membership. One that cannot be started is ended, so that the next try is not taken for a second join.</summary>
    private async ValueTask StartAsync(RoomMembership membership)
    {
        try
        {
            await membership.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            lock (_memberships)
                _memberships.Remove(membership);

            await membership.LeaveAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>To be called under the lock.</summary>
    private RoomMembership? Find(string room) => _memberships.Find(membership => membership.Room.Name == room);
}

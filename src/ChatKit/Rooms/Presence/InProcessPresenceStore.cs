namespace ChatKit.Rooms.Presence;

/// <summary>Stores who is in the rooms of this process, if there are no other nodes.</summary>
internal sealed class InProcessPresenceStore : IPresenceStore
{
    private readonly Dictionary<string, HashSet<string>> _rooms = [];

    public ValueTask<int> EnterAsync(string room, IReadOnlyCollection<string> members, TimeSpan lifetime)
    {
        lock (_rooms)
        {
            if (!_rooms.TryGetValue(room, out var here))
                _rooms.Add(room, here = []);
            return ValueTask.FromResult(members.Count(here.Add));
        }
    }

    public ValueTask<bool> LeaveAsync(string room, string member)
    {
        lock (_rooms)
        {
            var left = _rooms.TryGetValue(room, out var here) && here.Remove(member);
            if (here is { Count: 0 })
                _rooms.Remove(room);
            return ValueTask.FromResult(left);
        }
    }

    public ValueTask<IReadOnlyCollection<string>> ListAsync(string room, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(room);
        lock (_rooms)
            return ValueTask.FromResult<IReadOnlyCollection<string>>(_rooms.TryGetValue(room, out var here) ? [.. here] : []);
    }
}

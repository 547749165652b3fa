namespace ChatKit.Rooms.Presence;

/// <summary>Stores who is in the rooms of this process, if there are no other nodes.</summary>
internal sealed class InProcessPresenceStore : IPresenceStore
{
    /// <summary>For each room, its members and their data.</summary>
    private readonly Dictionary<string, Dictionary<string, string?>> _rooms = [];

    public ValueTask<int> EnterAsync(string room, IReadOnlyCollection<MemberData> members, TimeSpan lifetime, bool isRenewal)
    {
        lock (_rooms)
        {
            if (!_rooms.TryGetValue(room, out var here))
                _rooms.Add(room, here = []);
            var before = here.Count;
            foreach (var (id, json) in members)
            {
                if (!here.TryAdd(id, json) && json is not null && !(isRenewal && here[id] is not null))
                    here[id] = json;
            }

            return ValueTask.FromResult(here.Count - before);
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

    public ValueTask<IReadOnlyCollection<string>> ListAsync(string room, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyCollection<string>>([.. Read(room).Select(static member => member.Id)]);

    public ValueTask<IReadOnlyCollection<MemberData>> ReadAsync(string room, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyCollection<MemberData>>(Read(room));

    public ValueTask<int> CountAsync(string room, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(room);
        lock (_rooms)
            return ValueTask.FromResult(_rooms.TryGetValue(room, out var here) ? here.Count : 0);
    }

    private MemberData[] Read(string room)
    {
        ArgumentException.ThrowIfNullOrEmpty(room);
        lock (_rooms)
            return _rooms.TryGetValue(room, out var here) ? [.. here.Select(static member => new MemberData(member.Key, member.Value))] : [];
    }
}

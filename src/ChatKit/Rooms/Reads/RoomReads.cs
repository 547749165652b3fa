namespace ChatKit.Rooms.Reads;

/// <summary>Answers the application's questions about read cursors.</summary>
internal sealed class RoomReads(IReadStore store) : IRoomReads
{
    public async ValueTask<IReadOnlyDictionary<string, int>> GetUnreadAsync(
        string userId, IEnumerable<string> rooms, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        ArgumentNullException.ThrowIfNull(rooms);
        string[] names = [.. rooms.Distinct()];
        foreach (var name in names)
            RoomName.ThrowIfInvalid(name, nameof(rooms));
        var states = await store.GetAsync(userId, names, cancellationToken).ConfigureAwait(false);
        return names.Zip(states).ToDictionary(static room => room.First, static room => room.Second.Unread);
    }
}

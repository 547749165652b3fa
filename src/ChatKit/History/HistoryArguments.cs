namespace ChatKit.History;

/// <summary>Validates the arguments of every history.</summary>
internal static class HistoryArguments
{
    public static void ThrowIfInvalid(string room) => ArgumentException.ThrowIfNullOrEmpty(room);

    public static void ThrowIfInvalid(string room, ChatMessage message, int? capacity)
    {
        ThrowIfInvalid(room);
        ArgumentNullException.ThrowIfNull(message);
        if (capacity is < 1)
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, "The capacity must be at least 1.");
    }

    public static void ThrowIfInvalid(string room, MessageChange change)
    {
        ThrowIfInvalid(room);
        ArgumentNullException.ThrowIfNull(change);
        if (change.IsDeletion && !change.Data.IsEmpty)
            throw new ArgumentException("A deletion has no data.", nameof(change));
    }

    public static void ThrowIfInvalid(string room, int limit)
    {
        ThrowIfInvalid(room);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
    }
}

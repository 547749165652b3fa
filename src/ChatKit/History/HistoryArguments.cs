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
}

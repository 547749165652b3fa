namespace ChatKit.History;

/// <summary>What every history asks of its arguments.</summary>
internal static class HistoryArguments
{
    public static void ThrowIfInvalid(string room) => ArgumentException.ThrowIfNullOrEmpty(room);

    public static void ThrowIfInvalid(string room, ChatMessage message, int? capacity)
    {
        ThrowIfInvalid(room);
        ArgumentNullException.ThrowIfNull(message);
        if (capacity is < 1)
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, "A history that keeps messages keeps at least 1.");
    }
}

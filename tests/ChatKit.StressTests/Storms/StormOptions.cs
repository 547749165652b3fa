namespace ChatKit.StressTests.Storms;

/// <summary>The size of storms.</summary>
internal sealed record StormOptions
{
    /// <summary>The number of clients that join the full room at once.</summary>
    public int Joiners { get; init; } = 300;

    /// <summary>The number of messages in the full room. The server keeps at most a hundred.</summary>
    public int Messages { get; init; } = 100;

    /// <summary>The size of each message in the full room, in bytes.</summary>
    public int MessageSize { get; init; } = 65_000;

    /// <summary>The number of clients that return at once.</summary>
    public int Returning { get; init; } = 2000;

    /// <summary>The number of rooms of the returning clients.</summary>
    public int Rooms { get; init; } = 100;

    /// <summary>The number of slow clients.</summary>
    public int Tricklers { get; init; } = 60;

    /// <summary>The time for which the bystanders are measured before a storm, and the duration of storms that do not end by themselves.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>The time for clients to become live, after which the storm is ended.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The time to settle before a measurement.</summary>
    public TimeSpan Settling { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Whether the clients of a storm run at low priority, because in reality they would not use the server's machine. On a busy machine, they
    /// would then make no progress.
    /// </summary>
    public bool ClientsYield { get; init; } = true;
}

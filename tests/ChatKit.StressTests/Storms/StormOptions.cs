namespace ChatKit.StressTests.Storms;

/// <summary>How large storms are.</summary>
internal sealed record StormOptions
{
    /// <summary>How many clients join the full room at once.</summary>
    public int Joiners { get; init; } = 300;

    /// <summary>How many messages the full room has. A server here keeps no more than a hundred.</summary>
    public int Messages { get; init; } = 100;

    /// <summary>How long each message of the full room is, in bytes.</summary>
    public int MessageSize { get; init; } = 65_000;

    /// <summary>How many clients come back at once.</summary>
    public int Returning { get; init; } = 2000;

    /// <summary>How many rooms the clients that come back are in.</summary>
    public int Rooms { get; init; } = 100;

    /// <summary>How many clients read slowly.</summary>
    public int Tricklers { get; init; } = 60;

    /// <summary>How long the bystanders are watched before a storm, and how long a storm lasts that does not end by itself.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>How long clients may take to become live before the storm is ended.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long everything is left alone before it is measured.</summary>
    public TimeSpan Settling { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Whether the clients of a storm get the processor only when nobody else wants it, because their machines would not be the server's. On a
    /// busy machine they would not get anything done.
    /// </summary>
    public bool ClientsYield { get; init; } = true;
}

namespace ChatKit.ClientScenarios;

/// <summary>The times of a client, in milliseconds. They are shorter than those of the protocol, so that a scenario doesn't take minutes.</summary>
internal sealed record Times
{
    /// <summary>The ceiling of the first delay before a new connection.</summary>
    public int Backoff { get; init; } = 20;

    /// <summary>The limit of that ceiling.</summary>
    public int BackoffLimit { get; init; } = 100;

    /// <summary>The time-out of an attempt to connect.</summary>
    public int Connect { get; init; } = 15_000;

    /// <summary>The minimum delay after 1008.</summary>
    public int Refused { get; init; } = 200;

    /// <summary>The minimum delay after 1013.</summary>
    public int Busy { get; init; } = 200;

    /// <summary>For how long a message is sent again.</summary>
    public int Resend { get; init; } = 240_000;

    /// <summary>The minimum time between two <c>read</c> frames for a room.</summary>
    public int Read { get; init; } = 200;

    /// <summary>The minimum time between two signals of the same name.</summary>
    public int Signal { get; init; } = 200;

    /// <summary>The time-out of an attempt as long as there are other transports, and of one that is to replace the current connection.</summary>
    public int Fallback { get; init; } = 15_000;

    /// <summary>For how long a connection that is to be replaced may answer requests.</summary>
    public int Grace { get; init; } = 15_000;
}

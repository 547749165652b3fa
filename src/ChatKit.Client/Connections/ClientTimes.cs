namespace ChatKit.Client.Connections;

/// <summary>The times of the protocol.</summary>
internal sealed record ClientTimes
{
    /// <summary>How long to wait after 1008 at least.</summary>
    public TimeSpan Refused { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long to wait after 1013 at least.</summary>
    public TimeSpan Busy { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a message is sent again. The server keeps a ref for a minute longer.</summary>
    public TimeSpan Resend { get; init; } = TimeSpan.FromMinutes(4);

    /// <summary>How often the latest position that the user has read is sent.</summary>
    public TimeSpan Read { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often a signal of the same name is sent.</summary>
    public TimeSpan Signal { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The time-out of an attempt as long as there are other transports: one that is blocked can hang.</summary>
    public TimeSpan Fallback { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After which time the client tries the better transports again.</summary>
    public TimeSpan Better { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a connection that another one is about to replace may answer what it was sent.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long the server has to close a connection that another one has replaced.</summary>
    public TimeSpan Leave { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a poll waits for something new, in whole seconds; many proxies give up after 30.</summary>
    public TimeSpan PollWait { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Between two attempts to send messages that the server couldn't store, and to repeat a request.</summary>
    public FullJitterRetryPolicy Backoff { get; init; } = new();
}

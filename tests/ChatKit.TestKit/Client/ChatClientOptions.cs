namespace ChatKit.TestKit.Client;

/// <summary>How a <see cref="ChatClient"/> connects. The times are those of the protocol; tests shorten them.</summary>
public sealed class ChatClientOptions
{
    /// <summary>Gives the address for the next attempt. May wait, and may name another server each time.</summary>
    public required Func<CancellationToken, ValueTask<Uri>> NextAddress { get; init; }

    /// <summary>What carries the handshake; null for the platform's own.</summary>
    public HttpMessageInvoker? Invoker { get; init; }

    /// <summary>Where chance comes from.</summary>
    public Random Random { get; init; } = Random.Shared;

    /// <summary>
    /// How many events wait for the application. When they are that many nothing is read from the server until it takes one: so a slow
    /// application is a slow reader. Null = no limit.
    /// </summary>
    public int? EventLimit { get; init; }

    /// <summary>How long a handshake may take, and then the welcome.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The first attempt to reconnect comes after a random part of this; each later one after up to twice as long.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>No attempt comes later than this.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The least time to the next attempt after 1008.</summary>
    public TimeSpan PolicyDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The least time to the next attempt after 1013.</summary>
    public TimeSpan BusyDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long messages are held back when the server could not store one.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A message is not sent again later than this after it was sent first: the server may have forgotten its ref.</summary>
    public TimeSpan ResendWindow { get; init; } = TimeSpan.FromMinutes(5);
}

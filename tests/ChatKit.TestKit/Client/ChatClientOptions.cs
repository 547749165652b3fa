using ChatKit.Client.Connections;
using Product = ChatKit.Client;

namespace ChatKit.TestKit.Client;

/// <summary>How a <see cref="ChatClient"/> connects. The times are those of the protocol; tests shorten them.</summary>
public sealed class ChatClientOptions
{
    /// <summary>Returns the address for the next attempt, and for each other request. It can wait, and can return another server each time.</summary>
    public required Func<CancellationToken, ValueTask<Uri>> NextAddress { get; init; }

    /// <summary>The way in which the client reaches the server.</summary>
    public TransportKind Transport { get; init; }

    /// <summary>Sends the handshake and all other requests; null for the default of the platform.</summary>
    public HttpMessageInvoker? Invoker { get; init; }

    /// <summary>The source of random numbers.</summary>
    public Random Random { get; init; } = Random.Shared;

    /// <summary>
    /// The maximum number of events that wait for the application; null for no limit. At this number, the client stops reading from the
    /// server until the application takes an event, so that a slow application is a slow reader.
    /// </summary>
    public int? EventLimit { get; init; }

    /// <summary>The time-out of the handshake, and then of the welcome. Also of each other request, in addition to the time that it waits.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The maximum random delay before the first attempt to reconnect. It doubles with each further attempt.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The limit of this delay.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The minimum time to the next attempt after 1008.</summary>
    public TimeSpan PolicyDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The minimum time to the next attempt after 1013.</summary>
    public TimeSpan BusyDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The time for which messages are held back after the server could not store one.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The time after which a message is not sent again, because the server may have dropped its ref.</summary>
    public TimeSpan ResendWindow { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The options of the product.</summary>
    internal Product.ChatClientOptions ToProduct(HttpMessageInvoker invoker, IClientProbe probe) => new()
    {
        HttpMessageInvoker = invoker,
        Transports = [Transport switch
        {
            TransportKind.EventStream => Product.ChatTransport.ServerSentEvents,
            TransportKind.Polling => Product.ChatTransport.Polling,
            _ => Product.ChatTransport.WebSockets,
        }],
        ConnectTimeout = ConnectTimeout,
        CloseTimeout = TimeSpan.FromMilliseconds(250), // A scripted server does not answer.
        MaxPendingMessages = int.MaxValue,
        MaxPendingBytes = long.MaxValue,
        MaxQueuedEvents = 1, // Nobody reads them; see the probe.
        RetryPolicy = new Product.FullJitterRetryPolicy { First = FirstDelay, Limit = LongestDelay, Random = Random },
        Probe = probe,
        Times = new ClientTimes
        {
            Refused = PolicyDelay,
            Busy = BusyDelay,
            Resend = ResendWindow,
            Signal = TimeSpan.Zero,
            Backoff = new Product.FullJitterRetryPolicy { First = RetryDelay, Limit = RetryDelay },
        },
    };
}

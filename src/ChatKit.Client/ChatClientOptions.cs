using System.Diagnostics.Metrics;
using System.Net.WebSockets;
using ChatKit.Client.Connections;
using Microsoft.Extensions.Logging;

namespace ChatKit.Client;

/// <summary>Options of a <see cref="ChatClient"/>. The client copies them when it is created.</summary>
public sealed class ChatClientOptions
{
    /// <summary>
    /// Returns a bearer token, which the client sends in the header <c>Authorization</c>. The client calls it before each attempt to connect, so
    /// that each attempt has a fresh token. If it throws, the attempt fails. Default: null, for no token.
    /// </summary>
    public Func<CancellationToken, Task<string?>>? Token { get; set; }

    /// <summary>Headers of all requests. Default: none.</summary>
    public IDictionary<string, string> Headers { get; set; } = new Dictionary<string, string>();

    /// <summary>
    /// Configures each WebSocket before it connects, for example its proxy or compression. Without
    /// <see cref="HttpMessageInvoker"/>, each WebSocket then has a handler of its own, which costs memory. Default: null.
    /// </summary>
    public Action<ClientWebSocketOptions>? ConfigureWebSocket { get; set; }

    /// <summary>
    /// Sends the handshakes and all other requests, such as an <see cref="HttpClient"/>. The client doesn't dispose it. Set the time-out of an
    /// <see cref="HttpClient"/> to <see cref="Timeout.InfiniteTimeSpan"/>. Default: null, for one handler that all clients share.
    /// </summary>
    public HttpMessageInvoker? HttpMessageInvoker { get; set; }

    /// <summary>
    /// The transports that the client may use, the preferred one first. It uses another one only while those before it don't get through, and if
    /// the endpoint allows it. Default: all, in the order of <see cref="ChatTransport"/>.
    /// </summary>
    public IList<ChatTransport> Transports { get; set; } =
        [ChatTransport.WebSockets, ChatTransport.ServerSentEvents, ChatTransport.Polling];

    /// <summary>
    /// The position, for each room, up to which the application has the messages. The client receives the messages that follow, and reports a gap
    /// if some in between are gone. Default: none, so that it receives the latest messages.
    /// </summary>
    public IDictionary<string, MessagePosition> After { get; set; } = new Dictionary<string, MessagePosition>();

    /// <summary>The maximum number of messages that the server hasn't acknowledged. Default: 1,000.</summary>
    public int MaxPendingMessages { get; set; } = 1_000;

    /// <summary>The maximum size of these messages, in bytes, as JSON. Default: 4 MiB.</summary>
    public long MaxPendingBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>
    /// The maximum number of events that wait for each reader of <see cref="ChatConversation.Events"/>. The client drops further events, and
    /// reports <see cref="EventsDropped"/>. Default: 1,000.
    /// </summary>
    public int MaxQueuedEvents { get; set; } = 1_000;

    /// <summary>
    /// Keeps the messages that the server hasn't acknowledged across a restart of the process. The client disposes it. Use one for each user and
    /// address. Default: null, for memory only.
    /// </summary>
    public IOutboxStorage? Storage { get; set; }

    /// <summary>Decides how long the client waits before it connects again. Default: <see cref="FullJitterRetryPolicy"/>.</summary>
    public IRetryPolicy RetryPolicy { get; set; } = new FullJitterRetryPolicy();

    /// <summary>
    /// The time-out of an attempt to connect. At most 5 seconds apply while there are other <see cref="Transports"/>. Default: 10 seconds.
    /// </summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The maximum time that <see cref="ChatClient.DisposeAsync"/> waits for the server. Default: 2 seconds.</summary>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The clock. Default: <see cref="TimeProvider.System"/>.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Creates the logger. Default: null, for no logs.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>Creates the meter. Default: null, for one that all clients share.</summary>
    public IMeterFactory? MeterFactory { get; set; }

    /// <summary>A copy, which the application doesn't change.</summary>
    internal ChatClientOptions Copy() => (ChatClientOptions)MemberwiseClone();

    /// <summary>The times of the protocol, which tests shorten.</summary>
    internal ClientTimes Times { get; set; } = new();

    /// <summary>What tests observe besides events; null for nothing.</summary>
    internal IClientProbe? Probe { get; set; }
}

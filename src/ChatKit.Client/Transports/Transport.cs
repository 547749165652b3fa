using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.Json;

namespace ChatKit.Client.Transports;

/// <summary>
/// Carries the frames of one connection, for one reader and one writer. Its methods throw exceptions for which <see cref="IsFailure"/> is true
/// when the connection is lost, and <see cref="Connections.LinkEndedException"/> when the server refuses it.
/// </summary>
internal abstract class Transport : IDisposable
{
    private static readonly TimeSpan ThrottleStep = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _ending = new();

    protected Transport(Settings settings, string? token)
    {
        (Settings, Token, Ending) = (settings, token, _ending.Token);
    }

    /// <summary>Canceled when the connection ends.</summary>
    public CancellationToken Ending { get; }

    protected Settings Settings { get; }

    protected string? Token { get; }

    public static Transport Create(ChatTransport kind, Settings settings, string? token) => kind switch
    {
        ChatTransport.ServerSentEvents => new EventStreamTransport(settings, token),
        ChatTransport.Polling => new PollingTransport(settings, token),
        _ => new WebSocketTransport(settings, token),
    };

    /// <summary>Whether an exception means that a connection was lost, or not established.</summary>
    public static bool IsFailure(Exception exception) => exception
        is WebSocketException or HttpRequestException or IOException or SocketException or TimeoutException
        or OperationCanceledException or ObjectDisposedException or InvalidOperationException or JsonException;

    /// <summary>Lets a test read slowly. Meanwhile, the server isn't silent.</summary>
    protected async ValueTask ThrottleAsync(IFrameSink sink)
    {
        if (Settings.Options.Probe is not { } probe)
            return;
        var waiting = probe.BeforeReceiveAsync(Ending);
        while (!waiting.IsCompleted)
        {
            await Task.WhenAny(waiting, Task.Delay(ThrottleStep, Settings.Time, Ending)).ConfigureAwait(false);
            sink.OnSign();
        }
    }

    /// <summary>Connects, and passes on what the server sends, until the connection ends.</summary>
    public abstract Task<Connections.LinkEnd> RunAsync(IHandshake handshake, IFrameSink sink);

    /// <summary>Sends a frame. One at a time.</summary>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> frame);

    /// <summary>Tells the server that the client ends the connection. <see cref="RunAsync"/> returns when it has ended.</summary>
    public virtual ValueTask CloseAsync()
    {
        Abort();
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends the connection, as a network failure would.</summary>
    public virtual void Abort()
    {
        try
        {
            _ending.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended.
        }
    }

    public virtual void Dispose() => _ending.Dispose();
}

using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.Json;

namespace ChatKit.TestKit.Client;

/// <summary>
/// Carries the frames of one connection. For one reader and one writer. Its methods throw exceptions for which <see cref="IsFailure"/> is true
/// when the connection is lost.
/// </summary>
internal abstract class Transport : IDisposable
{
    private readonly CancellationTokenSource _ending;
    private readonly ClientRooms _rooms;

    /// <param name="options">How the client connects.</param>
    /// <param name="rooms">The positions from which the client resumes.</param>
    /// <param name="stop">Canceled when the client is closed.</param>
    protected Transport(ChatClientOptions options, ClientRooms rooms, CancellationToken stop)
    {
        (Options, _rooms) = (options, rooms);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Ending = _ending.Token;
        Silence = new Silence(options.ConnectTimeout, Ending);
    }

    /// <summary>Canceled when the connection ends.</summary>
    public CancellationToken Ending { get; }

    /// <summary>How long the server may send nothing.</summary>
    public Silence Silence { get; }

    /// <summary>
    /// Whether the server handles frames in the order in which they are sent. Otherwise, the client sends a frame that is to be acknowledged
    /// when the previous one was answered.
    /// </summary>
    public virtual bool KeepsOrder => true;

    /// <summary>How the server has closed the connection; null if it has not.</summary>
    public (WebSocketCloseStatus? Code, string? Reason) Close { get; protected set; }

    protected ChatClientOptions Options { get; }

    public static Transport Create(ChatClientOptions options, ClientRooms rooms, CancellationToken stop) => options.Transport switch
    {
        TransportKind.EventStream => new EventStreamTransport(options, rooms, stop),
        TransportKind.Polling => new PollingTransport(options, rooms, stop),
        _ => new WebSocketTransport(options, rooms, stop),
    };

    /// <summary>
    /// Whether an exception means that a connection was lost, or not established. A handler of requests throws some of sockets as they are.
    /// </summary>
    public static bool IsFailure(Exception exception) => exception
        is WebSocketException or HttpRequestException or IOException or SocketException
        or OperationCanceledException or ObjectDisposedException or JsonException;

    /// <summary>Connects. If the server refuses the client for good, <see cref="Close"/> says why.</summary>
    /// <param name="address">The address of the server.</param>
    /// <param name="limit">Canceled when it takes too long.</param>
    public abstract Task ConnectAsync(Uri address, CancellationToken limit);

    /// <summary>Receives frames until the server closes the connection. The caller takes each before it asks for the next.</summary>
    public abstract IAsyncEnumerable<ServerFrame> ReceiveAsync();

    public abstract ValueTask SendAsync(ClientFrame frame);

    /// <summary>Tells the server that the client ends the connection.</summary>
    public virtual Task CloseAsync(CancellationToken limit) => Task.CompletedTask;

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

    public virtual void Dispose()
    {
        Abort();
        _ending.Dispose();
        Silence.Dispose();
    }

    /// <summary>Adds the positions from which the client resumes to the query of an address, and further parameters.</summary>
    protected Uri WithPositions(Uri address, params IEnumerable<string> more)
    {
        var after = _rooms.Positions().Select(static position => $"after={Uri.EscapeDataString(position)}");
        var query = string.Join('&', after.Concat(more).Prepend(address.Query.TrimStart('?')).Where(static part => part.Length > 0));
        return new UriBuilder(address) { Query = query }.Uri;
    }
}

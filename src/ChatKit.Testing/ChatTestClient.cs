using System.Collections.Concurrent;
using System.Net.WebSockets;
using ChatKit.Testing.Connections;

namespace ChatKit.Testing;

/// <summary>
/// A client of a <see cref="ChatTestServer"/>. It speaks <see cref="ChatKitSubprotocol.V1"/> over a WebSocket in memory, shows the frames as they
/// arrive, and answers pings and close frames. It doesn't reconnect or send again by itself, so that a test decides when it does.
/// <see cref="ChatTestServer.ConnectAsync(string, string?, CancellationToken)"/> creates it.
/// </summary>
public sealed partial class ChatTestClient : IAsyncDisposable
{
    /// <summary>How long to wait at the end for a handler that doesn't return.</summary>
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How many frames the text of an exception has, and how many characters of each.</summary>
    private const int ShownFrames = 10, ShownLength = 200;

    /// <summary>The protocol allows this many.</summary>
    private const int MaxFormerIds = 8;

    private readonly string _path;
    private readonly ChatTestClientOptions _options;
    private readonly Inbox _inbox = new();
    private readonly KnownPositions _positions = new();
    private readonly Queue<string> _formerIds = [];
    private readonly ConcurrentDictionary<string, TaskCompletionSource<ChatFrame>> _requests = new();
    private readonly string _refs = $"{Guid.NewGuid():n}"[..8];
    private ChatTestServer? _server;
    private TestConnection? _connection;
    private int _lastRef;
    private TimeSpan _delay;

    internal ChatTestClient(string path, ChatTestClientOptions options) => (_path, _options) = (path, options);

    /// <summary>The id of the current connection, or of the last one.</summary>
    public string ConnectionId => Connection.Id;

    /// <summary>Whether the connection is open.</summary>
    public bool IsOpen => _connection is not null && _inbox.Closed is null;

    /// <summary>All frames that the client has received so far, on all of its connections.</summary>
    public IReadOnlyList<ChatFrame> Received => _inbox.Received;

    private TestConnection Connection => _connection ?? throw new InvalidOperationException("The client has not connected.");

    private bool SpeaksV1 => _options.Subprotocol == ChatKitSubprotocol.V1;

    /// <summary>Receives the next frame.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ChatTestException">The connection has ended, and all frames were taken.</exception>
    /// <exception cref="TimeoutException">No frame has arrived in time.</exception>
    public Task<ChatFrame> ReceiveAsync(CancellationToken cancellationToken = default) =>
        WaitAsync("a frame", limit => TakeAsync("a frame", limit), cancellationToken);

    /// <summary>Receives the next frame of a type. Skips frames of other types, which remain in <see cref="Received"/>.</summary>
    /// <param name="type">The type, such as <c>message</c>.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ChatTestException">The connection has ended without such a frame.</exception>
    /// <exception cref="TimeoutException">No such frame has arrived in time.</exception>
    public Task<ChatFrame> ReceiveAsync(string type, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(type);
        return WaitAsync($"a frame '{type}'", limit => TakeAsync(type, $"a frame '{type}'", limit), cancellationToken);
    }

    /// <summary>Receives the next frames of a type. Skips frames of other types, which remain in <see cref="Received"/>.</summary>
    /// <param name="type">The type, such as <c>message</c>.</param>
    /// <param name="count">The number of frames.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ChatTestException">The connection has ended without these frames.</exception>
    /// <exception cref="TimeoutException">The frames haven't arrived in time.</exception>
    public Task<IReadOnlyList<ChatFrame>> ReceiveAsync(string type, int count, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var what = $"{count} frames '{type}'";
        return WaitAsync<IReadOnlyList<ChatFrame>>(
            what,
            async limit =>
            {
                var frames = new List<ChatFrame>();
                while (frames.Count < count)
                    frames.Add(await TakeAsync(type, what, limit).ConfigureAwait(false));
                return frames;
            },
            cancellationToken);
    }

    /// <summary>Waits until the connection has ended, and the server has closed its handler.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>How the connection has ended. Without a close frame, the code is 1006.</returns>
    /// <exception cref="TimeoutException">The connection hasn't ended in time.</exception>
    public Task<CloseInfo> ReceiveCloseAsync(CancellationToken cancellationToken = default) => WaitAsync(
        "the end of the connection",
        async limit =>
        {
            await _inbox.WaitAsync(static inbox => inbox.Closed is not null, limit).ConfigureAwait(false);
            await Connection.Ended.WaitAsync(limit).ConfigureAwait(false);
            return _inbox.Closed!;
        },
        cancellationToken);

    /// <summary>
    /// Closes the connection with a close frame, and waits until the server has closed its handler. Does nothing if the connection has ended.
    /// </summary>
    /// <param name="status">The close code. Default: 1000.</param>
    /// <param name="reason">The reason, at most 123 bytes of UTF-8.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="TimeoutException">The handler hasn't been closed in time.</exception>
    public async Task CloseAsync(
        WebSocketCloseStatus status = WebSocketCloseStatus.NormalClosure, string? reason = null, CancellationToken cancellationToken = default)
    {
        if (!IsOpen)
            return;
        try
        {
            await Connection.SendCloseAsync(status, reason, cancellationToken).ConfigureAwait(false);
        }
        catch (ChatTestException)
        {
            // The server has closed the connection at the same time.
        }

        await ReceiveCloseAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the connection. Cuts it if the client doesn't read, or if the handler isn't closed within 5 seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_connection is not { } connection)
            return;
        if (!connection.IsPaused && connection.Delay == TimeSpan.Zero)
        {
            using var limit = new CancellationTokenSource(EndTimeout);
            try
            {
                await CloseAsync(cancellationToken: limit.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or TimeoutException)
            {
                // Cut below.
            }
        }

        connection.Cut();
        _server?.Remove(this);
        connection.Dispose();
    }

    /// <summary>Waits for something. The text of the exception says what the client has received instead.</summary>
    private async Task<T> WaitAsync<T>(string what, Func<CancellationToken, Task<T>> wait, CancellationToken cancellationToken)
    {
        var timeout = _server!.Timeout;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            return await wait(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The client has waited {timeout.TotalSeconds} s for {what}. {Describe()}", e);
        }
    }

    private async Task<ChatFrame> TakeAsync(string type, string what, CancellationToken limit)
    {
        while (true)
        {
            var frame = await TakeAsync(what, limit).ConfigureAwait(false);
            if (frame.Type == type)
                return frame;
        }
    }

    private async Task<ChatFrame> TakeAsync(string what, CancellationToken limit) =>
        await _inbox.TakeAsync(limit).ConfigureAwait(false) ?? throw Ended(what);

    private ChatTestException Ended(string what)
    {
        var close = _inbox.Closed;
        var how = close is null ? "" : $" with {(int)close.Code}{(close.Reason is { Length: > 0 } reason ? $" '{reason}'" : "")}";
        return new ChatTestException($"The connection has ended{how}, but the client waits for {what}. {Describe()}", close?.Exception);
    }

    /// <summary>The last frames, and what the server has logged.</summary>
    private string Describe()
    {
        var received = Received;
        var frames = string.Concat(received.TakeLast(ShownFrames).Select(static frame => $"\n  {Shorten(frame.ToString())}"));
        return received.Count == 0 ? $"It has received nothing.{_server!.Log}" : $"Of {received.Count} frames, the last are:{frames}{_server!.Log}";
    }

    private static string Shorten(string text) => text.Length <= ShownLength ? text : text[..ShownLength] + "…";
}

using System.Text.Json;
using ChatKit.Testing.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatKit.Testing;

/// <content>Connects, and lets connections fail.</content>
public sealed partial class ChatTestClient : ITestConnectionListener
{
    /// <summary>
    /// How much later the client receives everything, by the server's <see cref="TimeProvider"/>. Default: zero. What it sends isn't delayed.
    /// </summary>
    public TimeSpan Delay
    {
        get => _delay;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            _delay = value;
            if (_connection is { } connection)
                connection.Delay = value;
        }
    }

    /// <summary>
    /// Stops reading, as a client that is too slow or has lost its network. After 4 KiB that are on their way, the server's outbound queue
    /// fills. The client answers no pings meanwhile.
    /// </summary>
    public void PauseReading() => Connection.Pause();

    /// <summary>Reads again.</summary>
    public void ResumeReading() => Connection.Resume();

    /// <summary>
    /// Cuts the connection, without a close frame, as a broken network does. Completes when the server has noticed it and has closed its
    /// handler. What was on its way is lost.
    /// </summary>
    /// <param name="cancellationToken">Cancels the wait. The connection is cut nevertheless.</param>
    /// <exception cref="TimeoutException">The handler hasn't been closed in time.</exception>
    public Task CutAsync(CancellationToken cancellationToken = default)
    {
        Cut();
        return ReceiveCloseAsync(cancellationToken);
    }

    /// <summary>
    /// Connects again, as a chat client does: it states its last position in each room, and the ids of its earlier connections. An open
    /// connection is cut first. Waits until the client is in its home room. It isn't in the rooms that it has joined: see
    /// <see cref="JoinAsync"/>.
    /// </summary>
    /// <param name="node">The node to connect to; null for the same as before.</param>
    /// <param name="cancellationToken">Cancels connecting.</param>
    /// <exception cref="TimeoutException">The client isn't in its home room in time.</exception>
    public async Task ReconnectAsync(ChatTestServer? node = null, CancellationToken cancellationToken = default)
    {
        var former = Connection;
        if (IsOpen)
        {
            Cut();
            await WaitAsync(
                "the end of the connection",
                async limit =>
                {
                    await _inbox.WaitAsync(static inbox => inbox.Closed is not null, limit).ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }

        _server!.Remove(this);
        former.Dispose();
        _formerIds.Enqueue(former.Id);
        if (_formerIds.Count > MaxFormerIds)
            _formerIds.Dequeue();
        await ConnectAsync(node ?? _server, cancellationToken).ConfigureAwait(false);
    }

    internal void Cut() => _connection?.Cut();

    internal async Task ConnectAsync(ChatTestServer server, CancellationToken cancellationToken)
    {
        _server = server;
        var (endpoint, values) = server.Find(_path);
        var services = server.Services;
        var (serverEnd, clientEnd) = LinkStream.CreatePair();
        var info = Describe(endpoint.Pattern.HomeRoom(values), values, serverEnd.Reset, services);
        var ended = Task.Run(
            async () =>
            {
                await services.GetRequiredService<WebSocketHandlerRunner>()
                    .RunAsync(serverEnd, info, endpoint.Options, endpoint.CreateHandler).ConfigureAwait(false);
                serverEnd.EndOutput();
            },
            CancellationToken.None);
        _connection = new TestConnection(info.Id, clientEnd, ended, this, services.GetRequiredService<TimeProvider>()) { Delay = _delay };
        _inbox.Reopen();
        server.Add(this);
        var before = _inbox.Received.Count;
        _connection.Start();
        if (!SpeaksV1 || !_options.WaitUntilLive)
            return;
        await WaitAsync(
            $"'live' in its home room '{info.Room}'",
            async limit =>
            {
                await _inbox.WaitAsync(
                    inbox => inbox.Closed is not null || inbox.Received.Skip(before).Any(frame => frame.Type == "live" && frame.Room == info.Room),
                    limit).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    void ITestConnectionListener.OnMessage(TestConnection connection, ReadOnlyMemory<byte> message)
    {
        if (!SpeaksV1)
        {
            _inbox.Add(new ChatFrame(message), isTaken: false);
            return;
        }

        using var document = JsonDocument.Parse(message);
        var frame = new ChatFrame(document.RootElement.Clone());
        _positions.Follow(frame);
        if (frame.Type == "ping")
            _ = PongAsync(connection);
        TaskCompletionSource<ChatFrame>? answered = null;
        var isAnswer = frame.Member("ref") is { } reference && _requests.TryRemove(reference, out answered);
        _inbox.Add(frame, isTaken: isAnswer);
        answered?.TrySetResult(frame);
    }

    void ITestConnectionListener.OnClosed(TestConnection connection, CloseInfo close)
    {
        _inbox.Close(close);
        foreach (var (reference, _) in _requests)
        {
            if (_requests.TryRemove(reference, out var waiting))
                waiting.TrySetException(Ended($"the answer to the frame with the ref '{reference}'"));
        }
    }

    private static async Task PongAsync(TestConnection connection)
    {
        try
        {
            await connection.SendAsync("""{"type":"pong"}""", CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ChatTestException or ObjectDisposedException)
        {
            // The connection has ended in the meantime.
        }
    }

    private WebSocketConnectionInfo Describe(
        string room, IReadOnlyDictionary<string, object?> values, Action abort, IServiceProvider services) => new()
        {
            Room = RoomName.IsValid(room, out var problem) ? room : throw new ArgumentException(problem),
            Abort = abort,
            User = _options.User,
            UserId = services.GetRequiredService<IOptions<ChatKitOptions>>().Value.UserId(_options.User) is { Length: > 0 } id ? id : null,
            ExpiresAt = _options.ExpiresAt,
            RouteValues = values,
            Subprotocol = _options.Subprotocol,
            ResumeAfter = _positions.Messages,
            ResumeRevisions = _positions.Revisions,
            FormerIds = [.. _formerIds],
            Items = [.. _options.Items],
        };
}

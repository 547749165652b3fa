using System.Net.WebSockets;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Connections;

/// <summary>
/// Runs one connection from the handshake to the end. Two loops: one reads, so that pings are answered whatever the handler does;
/// the other calls the handler, one callback at a time.
/// </summary>
internal sealed class ConnectionRunner : IDisposable
{
    /// <summary>How many messages are read ahead of a busy handler before the client has to wait.</summary>
    private const int InboundLimit = 16;

    /// <summary>A client that sends nothing for this long after its fault has stopped sending: longer than packets stay away.</summary>
    private static readonly TimeSpan SilenceAfterFault = TimeSpan.FromSeconds(1);

    private readonly Stream _transport;
    private readonly ServerConnection _connection;
    private readonly ConnectionServices _services;
    private readonly WebSocket _socket;
    private readonly MessageReader _reader;
    private readonly KeepAlive _keepAlive;

    // The handler runs on a thread of its own, so that pings are answered also while it blocks one.
    private readonly Channel<WebSocketMessage> _inbound = Channel.CreateBounded<WebSocketMessage>(
        new BoundedChannelOptions(InboundLimit) { SingleReader = true, SingleWriter = true });

    public ConnectionRunner(
        Stream transport, WebSocketConnectionInfo info, WebSocketConnectionOptions options, ConnectionServices services)
    {
        _transport = transport;
        _services = services;
        _connection = new ServerConnection(transport, info, options, services);
        var stream = new ConnectionStream(transport, _connection.Outbound, services.Clock);
        _socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions
        {
            IsServer = true,
            SubProtocol = info.Subprotocol,
            DangerousDeflateOptions = info.Deflate
                ? new WebSocketDeflateOptions { ClientContextTakeover = false, ServerContextTakeover = false }
                : null,
            KeepAliveInterval = Timeout.InfiniteTimeSpan,
        });
        _reader = new MessageReader(_socket, options.MaxMessageSize);
        _keepAlive = new KeepAlive(
            stream, _connection.Outbound, options.PingInterval, options.PingTimeout, services.Clock, _connection.Vanish);
    }

    public async Task RunAsync(Func<IServiceProvider, WebSocketHandler> createHandler, CancellationToken stopping)
    {
        _services.Metrics.Opened();
        _services.Logger.Opened(_connection.Id, _connection.Room);
        var stopped = stopping.UnsafeRegister(
            static connection => ((ServerConnection)connection!).CloseHere(
                WebSocketCloseStatus.EndpointUnavailable, "the server is shutting down"),
            _connection);
        await using (stopped.ConfigureAwait(false))
        {
            var reading = ReadAsync();
            await RunHandlerAsync(createHandler, reading).ConfigureAwait(false);
        }

        await _connection.Outbound.WaitUntilIdleAsync().ConfigureAwait(false);
        _services.Metrics.Closed(_connection.Close);
        _services.Logger.Closed(_connection.Id, (int)_connection.Close.Code, _connection.Close.WasClean);
    }

    public void Dispose()
    {
        _keepAlive.Dispose();
        _connection.Dispose();
        _socket.Dispose();
    }

    private async Task RunHandlerAsync(Func<IServiceProvider, WebSocketHandler> createHandler, Task reading)
    {
        var scope = _services.Scopes.CreateAsyncScope();
        WebSocketHandler? handler = null;
        WebSocketHandlerDriver? driver = null;
        try
        {
            handler = createHandler(scope.ServiceProvider);
            driver = new WebSocketHandlerDriver(handler, _connection);
            await HandleAllAsync(driver).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Fail(e);
        }

        _inbound.Writer.TryComplete();
        await reading.ConfigureAwait(false);
        await _connection.LeaveAllAsync().ConfigureAwait(false);
        if (driver is not null)
            await CloseHandlerAsync(driver).ConfigureAwait(false);
        if (handler is not null)
            await DisposeOfAsync(handler).ConfigureAwait(false);
        await DisposeOfAsync(scope).ConfigureAwait(false);
    }

    private async Task HandleAllAsync(WebSocketHandlerDriver driver)
    {
        await OpenAsync(driver).ConfigureAwait(false);
        if (!_connection.ClosedHere)
            await _connection.EnterHomeAsync().ConfigureAwait(false);

        while (await _inbound.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (!_connection.ClosedHere && _inbound.Reader.TryRead(out var message))
                await HandleAsync(driver, message).ConfigureAwait(false);
            if (_connection.ClosedHere)
                return;
        }
    }

    private async ValueTask OpenAsync(WebSocketHandlerDriver driver)
    {
        try
        {
            await driver.OpenAsync().ConfigureAwait(false);
        }
        catch (HistoryUnavailableException e)
        {
            _services.Logger.NotStored(_connection.Id, e.Message);
        }
    }

    private async ValueTask HandleAsync(WebSocketHandlerDriver driver, WebSocketMessage message)
    {
        _services.Metrics.Received();
        try
        {
            await driver.ReceiveAsync(message).ConfigureAwait(false);
        }
        catch (HistoryUnavailableException e)
        {
            // No fault of the handler, and one that passes: its client stays.
            _services.Logger.NotStored(_connection.Id, e.Message);
        }
        catch (WebSocketClosedException) when (_connection.HasEnded && !_connection.ClosedHere)
        {
            // The client did not wait for the answer. What else it has sent before it left is handled all the same.
        }
    }

    private void Fail(Exception exception)
    {
        // A client that leaves while its handler sends to it is no fault of the handler.
        if (_connection.HasEnded && exception is WebSocketClosedException or OperationCanceledException)
            return;

        _services.Logger.HandlerFailed(_connection.Id, exception);
        _connection.CloseHere(WebSocketCloseStatus.InternalServerError, "the handler failed", exception);
    }

    private async Task CloseHandlerAsync(WebSocketHandlerDriver driver)
    {
        try
        {
            await driver.CloseAsync(_connection.Close).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _services.Logger.CloseFailed(_connection.Id, e);
        }
    }

    private async Task DisposeOfAsync(object owned)
    {
        try
        {
            if (owned is IAsyncDisposable asyncDisposable)
                await asyncDisposable.DisposeAsync().ConfigureAwait(false);
            else if (owned is IDisposable disposable)
                disposable.Dispose();
        }
        catch (Exception e)
        {
            _services.Logger.DisposeFailed(_connection.Id, e);
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            await ReadMessagesAsync().ConfigureAwait(false);
        }
        catch (WebSocketException e) when (_connection.Outbound.CloseSent is { } code && !_connection.ClosedHere)
        {
            _connection.ClosedByFault(code, e);
            await DiscardAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _connection.Vanish(e);
        }

        _keepAlive.Dispose();
        _inbound.Writer.TryComplete();
        try
        {
            await _connection.SignalAbortedAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _services.Logger.AbortedCallbackFailed(_connection.Id, e);
        }
    }

    /// <summary>Reads until the client has closed.</summary>
    private async Task ReadMessagesAsync()
    {
        var next = _reader.WaitAsync();
        while (true)
        {
            var start = await next.ConfigureAwait(false);
            if (start.MessageType == WebSocketMessageType.Close)
            {
                _connection.ClosedByClient(_socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, _socket.CloseStatusDescription);
                return;
            }

            var message = await _reader.ReadAsync(start).ConfigureAwait(false);
            next = _reader.WaitAsync();
            if (message is null)
                _connection.CloseHere(WebSocketCloseStatus.MessageTooBig, "the message is too big");
            else if (!_connection.ClosedHere)
                await PassOnAsync(message.Value).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Gives the handler a message. Nothing is read meanwhile: neither while the handler has enough to do, nor while it runs on
    /// this thread until its first await. Gives up when the connection is cut, so that the handler is told.
    /// </summary>
    private async ValueTask PassOnAsync(WebSocketMessage message)
    {
        _keepAlive.Paused = true;
        while (!_inbound.Writer.TryWrite(message)
            && await _inbound.Writer.WaitToWriteAsync(_connection.Aborted).ConfigureAwait(false))
        {
        }

        _keepAlive.Paused = false;
    }

    /// <summary>
    /// Reads what the client still sends and throws it away. Ending the connection with data unread would reset it, and the
    /// reset would overtake the close frame that says what was wrong. A client that has read it may wait for this side to end the
    /// connection (RFC 6455 section 7.1.1), so silence ends it too; the connection's close timer ends it in any case.
    /// </summary>
    private async Task DiscardAsync()
    {
        try
        {
            var scratch = new byte[1024];
            using var silence = new CancellationTokenSource(SilenceAfterFault, _services.Clock);
            while (await _transport.ReadAsync(scratch, silence.Token).ConfigureAwait(false) > 0)
                silence.CancelAfter(SilenceAfterFault);
        }
        catch (Exception)
        {
            // However it ends, it has ended.
        }
    }
}

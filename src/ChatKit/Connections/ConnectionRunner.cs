using System.Buffers;
using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.Connections.Inbound;
using ChatKit.Connections.Transport;
using ChatKit.Diagnostics;
using ChatKit.WebSockets;
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

    /// <summary>How long a client may take to say up to where it has the messages of rooms.</summary>
    private static readonly TimeSpan ResumeTimeout = TimeSpan.FromSeconds(10);

    private readonly FrameTransport _transport;
    private readonly ServerConnection _connection;
    private readonly ConnectionServices _services;
    private readonly MessageReader _reader;
    private readonly KeepAlive _keepAlive;
    private readonly Inbox _inbox = new(InboundLimit);

    /// <summary>Null for a client that may send as fast as its handler takes it.</summary>
    private readonly InboundRate? _rate;

    /// <summary>Null for a client whose authentication does not expire.</summary>
    private readonly Expiry? _expiry;

    /// <summary>Null for a client that sends and receives its texts as they are.</summary>
    private readonly ClientDialog? _dialog;

    /// <summary>What the client calls the message that was one too many.</summary>
    private string? _excess;
    private bool _hasExceeded;

    /// <summary>Whether it is the client who has ended the connection, so that it is still to be sent a close frame.</summary>
    private bool _endedByClient;

    /// <summary>Whether the client has sent its close frame.</summary>
    private bool _clientHasClosed;

    public ConnectionRunner(
        FrameTransport transport, WebSocketConnectionInfo info, WebSocketConnectionOptions options, ConnectionServices services)
    {
        _transport = transport;
        _services = services;
        _connection = new ServerConnection(transport, info, options, services);
        _reader = new MessageReader(options.MaxMessageSize, info.Deflate);
        _rate = options.MaxMessagesPerSecond is { } rate ? new InboundRate(rate, options.MaxMessageBurst) : null;
        _keepAlive = new KeepAlive(
            _connection.Outbound,
            options,
            services.Clock,
            _connection.ConnectionLost,
            _connection.Format,
            options.IdleTimeout == Timeout.InfiniteTimeSpan ? null : _connection.CloseIdle)
        {
            Busy = true,
        };
        if (_connection.SpeaksV1)
        {
            _dialog = new ClientDialog(_connection, info.ResumesByFrame);
            _connection.Outbound.TryEnqueue(
                V1Frames.Welcome(_connection.Id, _connection.Room, _connection.UserId, options.PingInterval, options.MaxMessageSize));
        }

        if (info.ExpiresAt is { } end)
            _expiry = new Expiry(_connection, end, services.Clock);
    }

    /// <summary>Runs the connection, and disposes of this object.</summary>
    public async Task RunAsync(Func<IServiceProvider, WebSocketHandler> createHandler)
    {
        using var self = this;
        if (!_services.Connections.Add(_connection))
            _connection.CloseForRestart();
        _services.Metrics.Opened();
        _services.Logger.Opened(_connection.Id, _connection.Room);
        var scope = _services.Scopes.CreateAsyncScope();
        var reading = ReadAsync();
        WebSocketHandler? handler = null;
        WebSocketHandlerDriver? driver = null;
        try
        {
            await WaitForPositionsAsync().ConfigureAwait(false);
            if (!_connection.ClosedHere)
            {
                _connection.Open(scope.ServiceProvider);
                _connection.Handler = handler = createHandler(scope.ServiceProvider);
                driver = new WebSocketHandlerDriver(handler, _connection);
                await OpenAsync(driver).ConfigureAwait(false);
                _keepAlive.Busy = false;
            }

            while (driver is not null && !_connection.ClosedHere && await _inbox.WaitToReadAsync().ConfigureAwait(false))
            {
                while (!_connection.ClosedHere && _inbox.TryRead(out var message))
                    await HandleAsync(driver, message).ConfigureAwait(false);
            }

            if (_hasExceeded)
                CloseForExcess();
        }
        catch (Exception e)
        {
            Fail(e);
        }

        _inbox.Finish();
        await reading.ConfigureAwait(false);
        await EndAsync(driver, handler, scope).ConfigureAwait(false);
        await _connection.Outbound.WaitUntilIdleAsync().ConfigureAwait(false);
        _services.Connections.Remove(_connection);
        _services.Metrics.Closed(_connection.Close);
        _services.Logger.Closed(_connection.Id, (int)_connection.Close.Code, _connection.Close.WasClean);
    }

    public void Dispose()
    {
        _keepAlive.Dispose();
        _expiry?.Dispose();
        _connection.Dispose();
        _reader.Dispose();
        _rate?.Dispose();
        _transport.Release();
    }

    /// <summary>
    /// Waits until the client has said up to where it has the messages of rooms, if it has announced that it will. Not for long: what it has
    /// not said by then it is given from the beginning, and can see so by the positions.
    /// </summary>
    private async ValueTask WaitForPositionsAsync()
    {
        if (_dialog is { Resumed: { IsCompleted: false } resumed } && !_connection.ClosedHere)
        {
            await resumed.WaitAsync(ResumeTimeout, _services.Clock, _connection.Aborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
        catch (RoomAccessDeniedException)
        {
            // Neither is this a fault of the handler. It is in the log.
        }

        if (!_connection.ClosedHere)
            await _connection.EnterHomeAsync().ConfigureAwait(false);
    }

    private async ValueTask HandleAsync(WebSocketHandlerDriver driver, InboundMessage inbound)
    {
        if (inbound.IsSupported)
            _services.Metrics.Received();
        _keepAlive.Busy = true;
        using var span = _services.Tracing.Handle(_connection.Room, _connection.Id, inbound.Message.Data.Length);
        try
        {
            if (_dialog is null)
                await driver.ReceiveAsync(inbound.Message).ConfigureAwait(false);
            else
                await _dialog.HandleAsync(driver, inbound).ConfigureAwait(false);
        }
        catch (HistoryUnavailableException e)
        {
            // No fault of the handler, and one that passes: its client stays.
            _services.Logger.NotStored(_connection.Id, e.Message);
            ChatKitTracing.Fail(span, e);
        }
        catch (RoomAccessDeniedException)
        {
            // In the log already, and no fault of the handler either.
        }
        catch (MessageRefusedException e)
        {
            _services.Logger.MessageRefused(_connection.Id, e.Code);
        }
        catch (WebSocketClosedException) when (_connection.HasEnded && !_connection.ClosedHere)
        {
            // The client did not wait for the answer. What else it has sent before it left is handled all the same.
        }
        catch (Exception e) when (!IsOfTheEnd(e))
        {
            ChatKitTracing.Fail(span, e);
            throw;
        }

        _keepAlive.Busy = false;
    }

    private void Fail(Exception exception)
    {
        if (IsOfTheEnd(exception))
            return;

        _services.Logger.HandlerFailed(_connection.Id, exception);
        _connection.CloseHere(WebSocketCloseStatus.InternalServerError, "the handler failed", exception);
    }

    /// <summary>Whether something has failed because the connection has ended: a client that leaves while its handler sends to it is no fault of the handler.</summary>
    private bool IsOfTheEnd(Exception exception) =>
        _connection.HasEnded && exception is WebSocketClosedException or OperationCanceledException;

    private async ValueTask EndAsync(WebSocketHandlerDriver? driver, WebSocketHandler? handler, AsyncServiceScope scope)
    {
        _connection.LeaveAll();
        if (driver is not null)
            await CloseHandlerAsync(driver).ConfigureAwait(false);
        if (handler is not null)
            await DisposeOfAsync(handler).ConfigureAwait(false);
        await DisposeOfAsync(scope).ConfigureAwait(false);
    }

    private async ValueTask CloseHandlerAsync(WebSocketHandlerDriver driver)
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

    private async ValueTask DisposeOfAsync(object owned)
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

    /// <summary>Reads until the client has closed, broken the protocol, or gone.</summary>
    private async Task ReadAsync()
    {
        try
        {
            var found = InboundFrame.Nothing;
            while (!IsLast(found))
            {
                var result = await _transport.Input.ReadAsync().ConfigureAwait(false);
                _keepAlive.Hear();
                found = await TakeAsync(result.Buffer).ConfigureAwait(false);
                if (!IsLast(found) && result.IsCompleted)
                    throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely);
                if (_hasExceeded && !IsLast(found) && !_connection.ClosedHere)
                    await WaitUntilHandledAsync().ConfigureAwait(false);
            }

            await EndReadingAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _connection.ConnectionLost(e);
        }

        _keepAlive.Dispose();
        _inbox.Complete();
        try
        {
            await _connection.SignalAbortedAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _services.Logger.AbortedCallbackFailed(_connection.Id, e);
        }
    }

    /// <summary>Deals with everything whole that has come. Returns what was last.</summary>
    private async ValueTask<InboundFrame> TakeAsync(ReadOnlySequence<byte> buffer)
    {
        var last = InboundFrame.Nothing;
        var before = buffer.Length;
        try
        {
            while (!IsLast(last) && _reader.Read(ref buffer) is var found and not InboundFrame.Nothing)
            {
                last = found;
                if (found != InboundFrame.Message)
                    Answer(found);
                else if (!_connection.ClosedHere && !_hasExceeded && ToPassOn(_reader.Message) is { } message && !TryPassOn(message))
                    await WaitToPassOnAsync(message).ConfigureAwait(false);
            }

            if (_rate?.TryTakeFrames(_reader.TakeFrames()) == false)
                Exceed(null);
            if (last == InboundFrame.Fault)
                _clientHasClosed = _reader.Closing!.Read(ref buffer);
        }
        finally
        {
            _connection.CountReceived(before - buffer.Length);
            _transport.Input.AdvanceTo(buffer.Start, buffer.End);
        }

        return last;
    }

    /// <summary>What the handler is given of what has come, if anything.</summary>
    private InboundMessage? ToPassOn(WebSocketMessage message)
    {
        if (_dialog is null)
            return message;
        var read = _dialog.Read(message);
        if (read is null)
            _reader.CountFrame();
        return read;
    }

    /// <summary>Gives the handler a message. False if there is no room for it yet.</summary>
    private bool TryPassOn(InboundMessage message)
    {
        _keepAlive.HearMessage();
        if (_rate?.TryTake() != false)
            return _inbox.TryWrite(message);
        Exceed(message.Ref);
        return true;
    }

    /// <summary>
    /// The client has sent too much. What came before it is still handled, and answered; then the connection is closed. So the client
    /// knows what has become of each of its messages.
    /// </summary>
    private void Exceed(string? reference)
    {
        if (_hasExceeded)
            return;
        (_excess, _hasExceeded) = (reference, true);
        _dialog?.EndResume(); // Nothing more is read.
        _inbox.Complete();
    }

    private void CloseForExcess()
    {
        _services.Logger.RateExceeded(_connection.Id);
        _dialog?.RefuseExcess(_excess, _rate!.Retry);
        _connection.CloseHere(WebSocketCloseStatus.PolicyViolation, "too many messages");
    }

    /// <summary>Whether nothing that follows is looked at.</summary>
    private static bool IsLast(InboundFrame found) => found is InboundFrame.Close or InboundFrame.Fault;

    private void Answer(InboundFrame found)
    {
        switch (found)
        {
            case InboundFrame.Ping:
                _connection.Outbound.EnqueueControl(WebSocketFrame.Control(WebSocketFrame.PongOpcode, _reader.Payload));
                break;
            case InboundFrame.Pong:
                _transport.OnPong(_reader.Payload);
                break;
            case InboundFrame.Close:
                _endedByClient = _connection.ClosedByClient(_reader.CloseStatus, _reader.CloseReason);
                _clientHasClosed = true;
                break;
            case InboundFrame.Fault:
                _endedByClient = _connection.EndForFault(_reader.Fault!);
                break;
        }
    }

    /// <summary>Reads nothing more of a client that has sent too much, until the connection is closed for it: else it could go on for as long as its handler is busy.</summary>
    private async ValueTask WaitUntilHandledAsync()
    {
        _keepAlive.Paused = true;
        await _inbox.WaitUntilFinishedAsync().WaitAsync(_connection.Aborted).ConfigureAwait(false);
        _keepAlive.Paused = false;
    }

    /// <summary>Waits until the handler has less to do. Nothing is read meanwhile. Gives up when the connection is cut, so that the handler is told.</summary>
    private async ValueTask WaitToPassOnAsync(InboundMessage message)
    {
        _keepAlive.Paused = true;
        do
        {
            await _inbox.WaitToWriteAsync().WaitAsync(_connection.Aborted).ConfigureAwait(false);
        }
        while (!_inbox.TryWrite(message));
        _keepAlive.Paused = false;
    }

    /// <summary>
    /// Ends a connection whose client has closed, or broken the protocol. What came whole before that is still handled, and answered; then
    /// comes the close frame, and when those of both sides have passed, nothing is waited for any more (RFC 6455 section 7.1.1).
    /// </summary>
    private async Task EndReadingAsync()
    {
        _keepAlive.Dispose();
        _transport.OnClosing();
        _inbox.Complete();
        if (_endedByClient)
        {
            // A client that closes waits for nothing that takes longer. After a fault, it may.
            if (_clientHasClosed)
                _ = _connection.SignalAbortedAsync();

            // A handler that does not return must not keep the client from learning of its end.
            await _inbox.WaitUntilFinishedAsync().WaitAsync(_services.Options.CloseTimeout, _services.Clock)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _connection.SendClose();
        }

        if (!_clientHasClosed)
            await DiscardAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Reads on until the client's close frame, and throws away what comes before it. Ending the connection with data unread would reset
    /// it, and the reset would overtake the close frame that says what was wrong. A client that sends none may wait for this side to end
    /// the connection, so silence ends it too; the connection's close timer ends it in any case.
    /// </summary>
    private async Task DiscardAsync()
    {
        try
        {
            using var silence = new CancellationTokenSource(SilenceAfterFault, _services.Clock);
            while (true)
            {
                var result = await _transport.Input.ReadAsync(silence.Token).ConfigureAwait(false);
                var buffer = result.Buffer;
                var hasClosed = _reader.Closing!.Read(ref buffer);
                _transport.Input.AdvanceTo(buffer.Start, buffer.End);
                if (hasClosed || result.IsCompleted)
                    return;
                silence.CancelAfter(SilenceAfterFault);
            }
        }
        catch (Exception)
        {
            // However it ends, it has ended.
        }
    }
}

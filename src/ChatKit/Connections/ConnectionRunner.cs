using ChatKit.ChatKitV1;
using ChatKit.Connections.Inbound;
using ChatKit.Connections.Transport;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Connections;

/// <summary>
/// Runs one connection from the handshake to the end. Two loops run side by side: <see cref="InboundLoop"/> reads, so that pings are
/// answered whatever the handler does; this one calls the handler, one callback at a time.
/// </summary>
internal sealed class ConnectionRunner : IDisposable
{
    /// <summary>The number of messages that are read ahead of a busy handler before the client has to wait.</summary>
    private const int InboundLimit = 16;

    /// <summary>The time that a client may take to send the positions from which it resumes.</summary>
    private static readonly TimeSpan ResumeTimeout = TimeSpan.FromSeconds(10);

    private readonly FrameTransport _transport;
    private readonly ServerConnection _connection;
    private readonly ConnectionServices _services;
    private readonly MessageReader _reader;
    private readonly KeepAlive _keepAlive;
    private readonly Inbox _inbox = new(InboundLimit);
    private readonly InboundLoop _inbound;
    private readonly HandlerInvoker _handler;

    /// <summary>Null for a client without a rate limit.</summary>
    private readonly InboundRate? _rate;

    /// <summary>Null for a client whose credentials do not expire.</summary>
    private readonly Expiry? _expiry;

    /// <summary>Null for a client that sends and receives plain texts.</summary>
    private readonly ClientDialog? _dialog;

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
            _connection.End.OnLost,
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
        _handler = new HandlerInvoker(_connection, _keepAlive, _dialog, services);
        _inbound = new InboundLoop(transport, _connection, _inbox, _reader, _keepAlive, _rate, _dialog, services);
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
        var reading = _inbound.RunAsync();
        await HandleAsync(createHandler, scope.ServiceProvider).ConfigureAwait(false);
        _inbox.Finish();
        await reading.ConfigureAwait(false);
        _connection.LeaveAll();
        await _handler.CloseAsync().ConfigureAwait(false);
        await _handler.DisposeAsync(scope).ConfigureAwait(false);
        await _connection.Outbound.WaitUntilIdleAsync().ConfigureAwait(false);
        _services.Connections.Remove(_connection);
        _services.Metrics.Closed(_connection.End.Close);
        _services.Logger.Closed(_connection.Id, (int)_connection.End.Close.Code, _connection.End.Close.WasClean);
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

    /// <summary>Creates the handler, opens it, and lets it handle messages until the connection ends.</summary>
    private async Task HandleAsync(Func<IServiceProvider, WebSocketHandler> createHandler, IServiceProvider scope)
    {
        try
        {
            await WaitForPositionsAsync().ConfigureAwait(false);
            if (_connection.ClosedHere)
                return;

            _connection.Open(scope);
            _handler.Create(createHandler, scope);
            await _handler.OpenAsync().ConfigureAwait(false);
            while (!_connection.ClosedHere && await _inbox.WaitToReadAsync().ConfigureAwait(false))
            {
                while (!_connection.ClosedHere && _inbox.TryRead(out var message))
                    await _handler.HandleAsync(message).ConfigureAwait(false);
            }

            _inbound.CloseIfExceeded();
        }
        catch (Exception e)
        {
            _handler.Fail(e);
        }
    }

    /// <summary>
    /// Waits a limited time until the client has sent the positions from which it resumes, if it has announced them. In a room whose
    /// position is missing by then, the client receives all stored messages. The positions let it detect that.
    /// </summary>
    private async ValueTask WaitForPositionsAsync()
    {
        if (_dialog is { Resumed: { IsCompleted: false } resumed } && !_connection.ClosedHere)
        {
            await resumed.WaitAsync(ResumeTimeout, _services.Clock, _connection.Aborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

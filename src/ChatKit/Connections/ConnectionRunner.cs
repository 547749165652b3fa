using ChatKit.ChatKitV1;
using ChatKit.Connections.Inbound;
using ChatKit.Connections.Transport;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Connections;

/// <summary>
/// Runs one connection from the handshake to the end. Two loops run side by side: the transport receives, so that pings are answered
/// whatever the handler does; this one calls the handler, one callback at a time.
/// </summary>
internal sealed class ConnectionRunner : IDisposable
{
    /// <summary>The time that a client may take to send the positions from which it resumes.</summary>
    private static readonly TimeSpan ResumeTimeout = TimeSpan.FromSeconds(10);

    private readonly ClientTransport _transport;
    private readonly ServerConnection _connection;
    private readonly ConnectionServices _services;
    private readonly InboundMessages _inbound;
    private readonly HandlerInvoker _handler;

    /// <summary>Null for a client whose credentials do not expire.</summary>
    private readonly Expiry? _expiry;

    /// <summary>Null for a client that sends and receives plain texts.</summary>
    private readonly ClientDialog? _dialog;

    public ConnectionRunner(
        ClientTransport transport, WebSocketConnectionInfo info, WebSocketConnectionOptions options, ConnectionServices services)
    {
        (_transport, _services) = (transport, services);
        _connection = new ServerConnection(transport, info, options, services);
        var keepAlive = new KeepAlive(transport, options, services.Clock, _connection) { IsBusy = true };
        if (_connection.SpeaksV1)
            _dialog = new ClientDialog(_connection, info.ResumesByFrame);
        var rate = options.MaxMessagesPerSecond is { } perSecond && !transport.IsShort ? new InboundRate(perSecond, options.MaxMessageBurst) : null;
        _inbound = new InboundMessages(_connection, keepAlive, rate, _dialog, services);
        transport.SetListener(_inbound);
        keepAlive.Start();
        var end = info.ExpiresAt < DateTimeOffset.MaxValue ? info.ExpiresAt : null;
        if (_dialog is not null)
        {
            transport.Outbound.TryEnqueue(V1Frames.Welcome(
                _connection.Id,
                _connection.Room,
                _connection.UserId,
                options.PingInterval,
                options.MaxMessageSize,
                services.Options.MaxRoomsPerConnection,
                transport.Token,
                transport.IsShort ? null : end?.Subtract(services.Clock.GetUtcNow())));
        }

        if (end is { } expiresAt)
            _expiry = new Expiry(_connection, expiresAt, services.Clock);
        _handler = new HandlerInvoker(_connection, keepAlive, _dialog, services);
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
        var receiving = ReceiveAsync();
        try
        {
            await WaitForPositionsAsync().ConfigureAwait(false);
            if (!_connection.ClosedHere)
            {
                _connection.Open(scope.ServiceProvider);
                _handler.Create(createHandler, scope.ServiceProvider);
                await _handler.OpenAsync().ConfigureAwait(false);
                _connection.OnOpened();
                while (!_connection.ClosedHere && await _inbound.Inbox.WaitToReadAsync().ConfigureAwait(false))
                {
                    while (!_connection.ClosedHere && _inbound.Inbox.TryRead(out var message))
                        await _handler.HandleAsync(message).ConfigureAwait(false);
                }

                _inbound.CloseIfExceeded();
            }
        }
        catch (Exception e)
        {
            _handler.Fail(e);
        }

        _inbound.Inbox.Finish();
        await receiving.ConfigureAwait(false);

        // The handler may block, and the thread that has received the end may be one that serves other sockets.
        if (!Thread.CurrentThread.IsThreadPoolThread)
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        _connection.LeaveAll();
        await _connection.EndReadsAsync().ConfigureAwait(false);
        await _handler.CloseAsync().ConfigureAwait(false);
        await _handler.DisposeAsync(scope).ConfigureAwait(false);
        await _transport.Outbound.WaitUntilIdleAsync().ConfigureAwait(false);
        _services.Connections.Remove(_connection);
        _services.Metrics.Closed(_connection.End.Close);
        _services.Logger.Closed(_connection.Id, (int)_connection.End.Close.Code, _connection.End.Close.WasClean);
    }

    public void Dispose()
    {
        _expiry?.Dispose();
        _connection.Dispose();
        _inbound.Dispose();
        _transport.Dispose();
    }

    private Task ReceiveAsync()
    {
        using var suppressed = RequestContext.Suppress();
        return _transport.ReceiveAsync();
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

using System.Diagnostics;
using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.Diagnostics;

namespace ChatKit.Connections;

/// <summary>Calls the handler of a connection, one callback at a time, and handles its exceptions.</summary>
internal sealed class HandlerInvoker(ServerConnection connection, KeepAlive keepAlive, ClientDialog? dialog, ConnectionServices services)
{
    /// <summary>Null until the handler is created.</summary>
    private WebSocketHandlerDriver? _driver;

    /// <summary>Creates the handler.</summary>
    public void Create(Func<IServiceProvider, WebSocketHandler> createHandler, IServiceProvider scope)
    {
        connection.Handler = createHandler(scope);
        _driver = new WebSocketHandlerDriver(connection.Handler, connection);
    }

    /// <summary>Opens the handler, and enters the home room.</summary>
    public async ValueTask OpenAsync()
    {
        try
        {
            await _driver!.OpenAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is HistoryUnavailableException or RoomAccessDeniedException && IsSurvived(e, null))
        {
            // The connection stays open.
        }

        if (!connection.ClosedHere)
            await connection.EnterHomeAsync().ConfigureAwait(false);
        keepAlive.IsBusy = false;
    }

    /// <summary>Lets the handler handle a message. Throws an exception that ends the connection.</summary>
    public async ValueTask HandleAsync(InboundMessage inbound)
    {
        if (inbound.IsStored || inbound.Request is ClientRequest.Signal)
            services.Metrics.Received();
        keepAlive.IsBusy = true;
        var room = inbound.Message.Room is { Length: > 0 } addressed ? addressed : connection.Room;
        using var span = services.Tracing.Handle(room, connection.Id, inbound.Message.Data.Length);
        if (room != connection.Room || inbound.Message.IsJson)
            HandledMessage.Set(connection, room, inbound.Message);
        connection.SetHandled(inbound.Message);
        try
        {
            if (inbound.Request is ServerJoin join)
                await connection.EnterByServerAsync(join.Attempt).ConfigureAwait(false);
            else if (dialog is null)
                await _driver!.ReceiveAsync(inbound.Message).ConfigureAwait(false);
            else
                await dialog.HandleAsync(_driver!, inbound).ConfigureAwait(false);
        }
        catch (Exception e) when (IsSurvived(e, span))
        {
            // The client was answered, and the connection stays open.
            if (dialog is null && e is not WebSocketClosedException)
                connection.OnRefused(V1Error.Of(e).Code);
        }

        connection.SetHandled(default);
        keepAlive.IsBusy = false;
    }

    /// <summary>Closes the handler, and disposes of it. Does nothing if it was not created.</summary>
    public async ValueTask CloseAsync()
    {
        try
        {
            if (_driver is not null)
                await _driver.CloseAsync(connection.End.Close).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            services.Logger.CloseFailed(connection.Id, e);
        }

        if (connection.Handler is { } handler)
            await DisposeAsync(handler).ConfigureAwait(false);
    }

    /// <summary>Disposes of what a connection owns. Logs a failure.</summary>
    public async ValueTask DisposeAsync(object owned)
    {
        try
        {
            await Owned.DisposeAsync(owned).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            services.Logger.DisposeFailed(connection.Id, e);
        }
    }

    /// <summary>Closes the connection because of an exception, unless the exception only reports that the connection has ended.</summary>
    public void Fail(Exception exception)
    {
        if (IsOfTheEnd(exception))
            return;

        services.Logger.HandlerFailed(connection.Id, exception);
        connection.CloseHere(WebSocketCloseStatus.InternalServerError, "the handler failed", exception);
    }

    /// <summary>Whether the connection goes on after an exception of a callback. Logs the exception, and records it in the span.</summary>
    private bool IsSurvived(Exception exception, Activity? span)
    {
        switch (exception)
        {
            case HistoryUnavailableException:
                services.Logger.NotStored(connection.Id, exception.Message);
                ChatKitTracing.Fail(span, exception);
                return true;
            case RoomAccessDeniedException:
                // Already logged.
                return true;
            case MessageRefusedException refused:
                services.Logger.MessageRefused(connection.Id, refused.Code);
                return true;
            case WebSocketClosedException when connection.End.HasEnded && !connection.ClosedHere:
                // The client did not wait for the answer. The handler still handles the other messages that the client sent before it left.
                return true;
            case var other when IsOfTheEnd(other):
                return false;
            default:
                ChatKitTracing.Fail(span, exception);
                return false;
        }
    }

    /// <summary>Whether an operation has failed because the connection has ended. That is not a failure of the handler.</summary>
    private bool IsOfTheEnd(Exception exception) =>
        connection.End.HasEnded && exception is WebSocketClosedException or OperationCanceledException;
}

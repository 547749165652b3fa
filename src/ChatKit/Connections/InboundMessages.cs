using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.Connections.Inbound;
using ChatKit.Connections.Transport;

namespace ChatKit.Connections;

/// <summary>
/// Takes what a client sends, independently of its handler: limits the rate, lets the dialog read the messages, and puts them into the
/// inbox.
/// </summary>
/// <param name="connection">The connection.</param>
/// <param name="keepAlive">Is notified when data arrives.</param>
/// <param name="rate">The rate limit of the client; null for no limit.</param>
/// <param name="dialog">The dialog with the client; null for a client that sends and receives plain texts.</param>
/// <param name="services">The services that all connections share.</param>
internal sealed class InboundMessages(
    ServerConnection connection, KeepAlive keepAlive, InboundRate? rate, ClientDialog? dialog, ConnectionServices services)
    : ITransportListener, IDisposable
{
    /// <summary>The ref of the message that exceeded the limit.</summary>
    private string? _excess;
    private bool _hasExceeded;

    /// <summary>The messages that the handler has not taken yet.</summary>
    public Inbox Inbox => connection.Inbox;

    /// <summary>
    /// Closes the connection if the client has exceeded its limit. The caller must first have handled all messages before that.
    /// </summary>
    public void CloseIfExceeded()
    {
        if (!_hasExceeded)
            return;
        services.Logger.RateExceeded(connection.Id);
        if (dialog is null)
            connection.OnRefused(V1Error.RateLimited);
        else
            dialog.RefuseExcess(_excess, rate!.Retry);
        connection.CloseHere(WebSocketCloseStatus.PolicyViolation, "too many messages");
    }

    public void OnData() => keepAlive.OnData();

    public ValueTask OnMessageAsync(WebSocketMessage message)
    {
        if (connection.ClosedHere || _hasExceeded)
            return ValueTask.CompletedTask;
        if (dialog is null)
            return AcceptAsync(message);
        if (dialog.Read(message) is { } inbound)
            return AcceptAsync(inbound);
        OnFrames(1);
        return ValueTask.CompletedTask;
    }

    public void OnFrames(int count)
    {
        if (rate?.TryTakeFrames(count) == false)
            Exceed(null);
    }

    /// <summary>
    /// Stops receiving from a client that has exceeded its limit, until the connection is closed for it. Otherwise it could go on while its
    /// handler is busy.
    /// </summary>
    public ValueTask WaitToReceiveAsync() => _hasExceeded && !connection.ClosedHere ? WaitUntilHandledAsync() : ValueTask.CompletedTask;

    public Task OnCompletedAsync()
    {
        Inbox.Complete();
        return WaitUntilHandledAsync().AsTask();
    }

    /// <summary>The handler still handles and answers the messages before the close. A client that closes waits for nothing longer.</summary>
    public Task OnClosedAsync(WebSocketCloseStatus status, string? reason) =>
        EndAsync(connection.End.OnClosedByClient(status, reason), hasClosed: true);

    public Task OnFaultAsync(WebSocketCloseStatus status, string problem, bool hasClosed) =>
        EndAsync(connection.End.OnFault(status, problem), hasClosed);

    public void OnLost(Exception exception) => connection.End.OnLost(exception);

    public async Task OnEndAsync()
    {
        keepAlive.Dispose();
        Inbox.Complete();
        try
        {
            await connection.End.SignalAbortedAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            services.Logger.AbortedCallbackFailed(connection.Id, e);
        }
    }

    public void Dispose()
    {
        keepAlive.Dispose();
        rate?.Dispose();
    }

    private ValueTask AcceptAsync(InboundMessage message)
    {
        keepAlive.OnMessage();
        if (rate?.TryTake() == false)
            Exceed(message.Ref);
        else if (!Inbox.TryWrite(message))
            return WaitToAcceptAsync(message);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Waits until the inbox has space. Nothing is received meanwhile. Gives up when the connection is aborted, so that the handler is
    /// notified.
    /// </summary>
    private async ValueTask WaitToAcceptAsync(InboundMessage message)
    {
        keepAlive.IsPaused = true;
        do
        {
            await Inbox.WaitToWriteAsync().WaitAsync(connection.Aborted).ConfigureAwait(false);
        }
        while (!Inbox.TryWrite(message));
        keepAlive.IsPaused = false;
    }

    private async ValueTask WaitUntilHandledAsync()
    {
        keepAlive.IsPaused = true;
        await Inbox.WaitUntilFinishedAsync().WaitAsync(connection.Aborted).ConfigureAwait(false);
        keepAlive.IsPaused = false;
    }

    /// <summary>
    /// Accepts nothing more, because the client has exceeded its limit. The handler still handles and answers the messages before that.
    /// Then the connection is closed. This way the client knows the outcome of each of its messages.
    /// </summary>
    private void Exceed(string? reference)
    {
        if (_hasExceeded)
            return;
        (_excess, _hasExceeded) = (reference, true);
        dialog?.EndResume(); // Nothing else is read.
        Inbox.Complete();
    }

    /// <summary>Lets the handler finish, and then sends the close to a client that has ended the connection.</summary>
    /// <param name="isEndedByClient">Whether the client, and not the server, has ended the connection.</param>
    /// <param name="hasClosed">Whether the client has closed. After a fault, it may wait for something that takes longer.</param>
    private async Task EndAsync(bool isEndedByClient, bool hasClosed)
    {
        keepAlive.Dispose();
        Inbox.Complete();
        if (!isEndedByClient)
            return;
        if (hasClosed)
            _ = connection.End.SignalAbortedAsync();

        // A handler that does not return must not withhold the close from the client.
        await Inbox.WaitUntilFinishedAsync().WaitAsync(services.Options.CloseTimeout, services.Clock)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        connection.End.Answer();
    }
}

using System.Buffers;
using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.Connections.Inbound;
using ChatKit.Connections.Transport;
using ChatKit.WebSockets;

namespace ChatKit.Connections;

/// <summary>
/// Reads what a client sends, whatever its handler does: answers pings, puts messages into the inbox, and carries out the closing handshake.
/// </summary>
/// <param name="transport">Where bytes come from.</param>
/// <param name="connection">The connection.</param>
/// <param name="inbox">Where messages go.</param>
/// <param name="reader">Reads frames.</param>
/// <param name="keepAlive">Is notified of what arrives.</param>
/// <param name="rate">How much the client may send; null for no limit.</param>
/// <param name="dialog">The dialog with the client; null for a client that sends and receives its texts as they are.</param>
/// <param name="services">What every connection works with.</param>
internal sealed class InboundLoop(
    FrameTransport transport,
    ServerConnection connection,
    Inbox inbox,
    MessageReader reader,
    KeepAlive keepAlive,
    InboundRate? rate,
    ClientDialog? dialog,
    ConnectionServices services)
{
    /// <summary>A client that sends nothing for this long after its fault has stopped sending: longer than packets stay away.</summary>
    private static readonly TimeSpan SilenceAfterFault = TimeSpan.FromSeconds(1);

    /// <summary>The ref of the message that was one too many.</summary>
    private string? _excess;
    private bool _hasExceeded;

    /// <summary>Whether the client has ended the connection, so that it is still to be sent a close frame.</summary>
    private bool _endedByClient;

    /// <summary>Whether the client has sent its close frame.</summary>
    private bool _clientHasClosed;

    /// <summary>Closes the connection if the client has sent too much. To be called when everything before that was handled.</summary>
    public void CloseIfExceeded()
    {
        if (!_hasExceeded)
            return;
        services.Logger.RateExceeded(connection.Id);
        dialog?.RefuseExcess(_excess, rate!.Retry);
        connection.CloseHere(WebSocketCloseStatus.PolicyViolation, "too many messages");
    }

    /// <summary>Reads until the client has closed, broken the protocol, or gone.</summary>
    public async Task RunAsync()
    {
        try
        {
            var found = InboundFrame.Nothing;
            while (!IsLast(found))
            {
                var result = await transport.Input.ReadAsync().ConfigureAwait(false);
                keepAlive.Hear();
                found = await TakeAsync(result.Buffer).ConfigureAwait(false);
                if (!IsLast(found) && result.IsCompleted)
                    throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely);
                if (_hasExceeded && !IsLast(found) && !connection.ClosedHere)
                    await WaitUntilHandledAsync().ConfigureAwait(false);
            }

            await EndReadingAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            connection.End.OnLost(e);
        }

        keepAlive.Dispose();
        inbox.Complete();
        try
        {
            await connection.End.SignalAbortedAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            services.Logger.AbortedCallbackFailed(connection.Id, e);
        }
    }

    /// <summary>Deals with everything whole that has come. Returns what was last.</summary>
    private async ValueTask<InboundFrame> TakeAsync(ReadOnlySequence<byte> buffer)
    {
        var last = InboundFrame.Nothing;
        var before = buffer.Length;
        try
        {
            while (!IsLast(last) && reader.Read(ref buffer) is var found and not InboundFrame.Nothing)
            {
                last = found;
                if (found != InboundFrame.Message)
                    Answer(found);
                else if (!connection.ClosedHere && !_hasExceeded && ToPassOn(reader.Message) is { } message && !TryPassOn(message))
                    await WaitToPassOnAsync(message).ConfigureAwait(false);
            }

            if (rate?.TryTakeFrames(reader.TakeFrames()) == false)
                Exceed(null);
            if (last == InboundFrame.Fault)
                _clientHasClosed = reader.Closing!.Read(ref buffer);
        }
        finally
        {
            connection.CountReceived(before - buffer.Length);
            transport.Input.AdvanceTo(buffer.Start, buffer.End);
        }

        return last;
    }

    /// <summary>What the handler is given of what has come, if anything.</summary>
    private InboundMessage? ToPassOn(WebSocketMessage message)
    {
        if (dialog is null)
            return message;
        var read = dialog.Read(message);
        if (read is null)
            reader.CountFrame();
        return read;
    }

    /// <summary>Gives the handler a message. False if there is no room for it yet.</summary>
    private bool TryPassOn(InboundMessage message)
    {
        keepAlive.HearMessage();
        if (rate?.TryTake() != false)
            return inbox.TryWrite(message);
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
        dialog?.EndResume(); // Nothing more is read.
        inbox.Complete();
    }

    /// <summary>Whether nothing that follows is looked at.</summary>
    private static bool IsLast(InboundFrame found) => found is InboundFrame.Close or InboundFrame.Fault;

    private void Answer(InboundFrame found)
    {
        switch (found)
        {
            case InboundFrame.Ping:
                connection.Outbound.EnqueueControl(WebSocketFrame.Control(WebSocketFrame.PongOpcode, reader.Payload));
                break;
            case InboundFrame.Pong:
                transport.OnPong(reader.Payload);
                break;
            case InboundFrame.Close:
                _endedByClient = connection.End.OnClosedByClient(reader.CloseStatus, reader.CloseReason);
                _clientHasClosed = true;
                break;
            case InboundFrame.Fault:
                _endedByClient = connection.End.OnFault(reader.Fault!);
                break;
        }
    }

    /// <summary>Reads nothing more of a client that has sent too much, until the connection is closed for it: else it could go on for as long as its handler is busy.</summary>
    private async ValueTask WaitUntilHandledAsync()
    {
        keepAlive.Paused = true;
        await inbox.WaitUntilFinishedAsync().WaitAsync(connection.Aborted).ConfigureAwait(false);
        keepAlive.Paused = false;
    }

    /// <summary>Waits until the handler has less to do. Nothing is read meanwhile. Gives up when the connection is cut, so that the handler is told.</summary>
    private async ValueTask WaitToPassOnAsync(InboundMessage message)
    {
        keepAlive.Paused = true;
        do
        {
            await inbox.WaitToWriteAsync().WaitAsync(connection.Aborted).ConfigureAwait(false);
        }
        while (!inbox.TryWrite(message));
        keepAlive.Paused = false;
    }

    /// <summary>
    /// Ends a connection whose client has closed, or broken the protocol. What came whole before that is still handled, and answered; then
    /// comes the close frame, and when those of both sides have passed, nothing is waited for any more (RFC 6455 section 7.1.1).
    /// </summary>
    private async Task EndReadingAsync()
    {
        keepAlive.Dispose();
        transport.OnClosing();
        inbox.Complete();
        if (_endedByClient)
        {
            // A client that closes waits for nothing that takes longer. After a fault, it may.
            if (_clientHasClosed)
                _ = connection.End.SignalAbortedAsync();

            // A handler that does not return must not keep the client from learning of its end.
            await inbox.WaitUntilFinishedAsync().WaitAsync(services.Options.CloseTimeout, services.Clock)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            connection.End.Answer();
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
            using var silence = new CancellationTokenSource(SilenceAfterFault, services.Clock);
            while (true)
            {
                var result = await transport.Input.ReadAsync(silence.Token).ConfigureAwait(false);
                var buffer = result.Buffer;
                var hasClosed = reader.Closing!.Read(ref buffer);
                transport.Input.AdvanceTo(buffer.Start, buffer.End);
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

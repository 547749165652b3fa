using System.Buffers;
using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.Connections.Inbound;
using ChatKit.Connections.Transport;
using ChatKit.WebSockets;

namespace ChatKit.Connections;

/// <summary>
/// Reads from a client, independently of its handler: answers pings, puts messages into the inbox, and completes the closing handshake.
/// </summary>
/// <param name="transport">The transport that bytes come from.</param>
/// <param name="connection">The connection.</param>
/// <param name="inbox">The inbox that messages go to.</param>
/// <param name="reader">Reads frames.</param>
/// <param name="keepAlive">Is notified when data arrives.</param>
/// <param name="rate">The rate limit of the client; null for no limit.</param>
/// <param name="dialog">The dialog with the client; null for a client that sends and receives plain texts.</param>
/// <param name="services">The services that all connections share.</param>
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
    /// <summary>A client that sends nothing for this long after its fault has stopped sending. Packets do not take longer.</summary>
    private static readonly TimeSpan SilenceAfterFault = TimeSpan.FromSeconds(1);

    /// <summary>The ref of the message that exceeded the limit.</summary>
    private string? _excess;
    private bool _hasExceeded;

    /// <summary>Whether the client has ended the connection, and a close frame must still be sent to it.</summary>
    private bool _endedByClient;

    /// <summary>Whether the client has sent its close frame.</summary>
    private bool _clientHasClosed;

    /// <summary>
    /// Closes the connection if the client has exceeded its limit. The caller must first have handled all messages before that.
    /// </summary>
    public void CloseIfExceeded()
    {
        if (!_hasExceeded)
            return;
        services.Logger.RateExceeded(connection.Id);
        dialog?.RefuseExcess(_excess, rate!.Retry);
        connection.CloseHere(WebSocketCloseStatus.PolicyViolation, "too many messages");
    }

    /// <summary>Reads until the client closes, breaks the protocol, or is gone.</summary>
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

    /// <summary>Processes all complete frames that have arrived. Returns the last result.</summary>
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

    /// <summary>Returns the message for the handler, if there is one.</summary>
    private InboundMessage? ToPassOn(WebSocketMessage message)
    {
        if (dialog is null)
            return message;
        var read = dialog.Read(message);
        if (read is null)
            reader.CountFrame();
        return read;
    }

    /// <summary>Passes a message to the handler. Returns false if there is no space yet.</summary>
    private bool TryPassOn(InboundMessage message)
    {
        keepAlive.HearMessage();
        if (rate?.TryTake() != false)
            return inbox.TryWrite(message);
        Exceed(message.Ref);
        return true;
    }

    /// <summary>
    /// Stops reading, because the client has exceeded its limit. The handler still handles and answers the messages before that. Then the
    /// connection is closed. This way the client knows the outcome of each of its messages.
    /// </summary>
    private void Exceed(string? reference)
    {
        if (_hasExceeded)
            return;
        (_excess, _hasExceeded) = (reference, true);
        dialog?.EndResume(); // Nothing else is read.
        inbox.Complete();
    }

    /// <summary>Whether everything that follows is ignored.</summary>
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

    /// <summary>
    /// Stops reading from a client that has exceeded its limit, until the connection is closed for it. Otherwise it could go on while its
    /// handler is busy.
    /// </summary>
    private async ValueTask WaitUntilHandledAsync()
    {
        keepAlive.Paused = true;
        await inbox.WaitUntilFinishedAsync().WaitAsync(connection.Aborted).ConfigureAwait(false);
        keepAlive.Paused = false;
    }

    /// <summary>
    /// Waits until the inbox has space. Nothing is read meanwhile. Gives up when the connection is aborted, so that the handler is
    /// notified.
    /// </summary>
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
    /// Ends a connection whose client has closed or has broken the protocol. The handler still handles and answers the complete messages
    /// before that. The close frame follows. When both close frames have passed, the connection waits for nothing else (RFC 6455 section
    /// 7.1.1).
    /// </summary>
    private async Task EndReadingAsync()
    {
        keepAlive.Dispose();
        transport.OnClosing();
        inbox.Complete();
        if (_endedByClient)
        {
            // A client that closes does not wait for anything that takes longer. After a fault, it may.
            if (_clientHasClosed)
                _ = connection.End.SignalAbortedAsync();

            // A handler that does not return must not withhold the close frame from the client.
            await inbox.WaitUntilFinishedAsync().WaitAsync(services.Options.CloseTimeout, services.Clock)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            connection.End.Answer();
        }

        if (!_clientHasClosed)
            await DiscardAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Reads until the client's close frame, and discards what comes before it. Ending the connection with unread data would reset it, and
    /// the reset would overtake the close frame that names the fault. A client that sends no close frame may wait for this side to end the
    /// connection, so silence ends it too. The close timer ends it in any case.
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

using System.Net.WebSockets;
using ChatKit.Connections;
using ChatKit.Connections.Inbound;
using ChatKit.Rooms;

namespace ChatKit.ChatKitV1;

/// <summary>
/// What a client of <see cref="ChatKitSubprotocol.V1"/> sends and is answered. It says which of its messages were stored, and where.
/// </summary>
/// <param name="connection">The connection.</param>
/// <param name="resumesByFrame">Whether the client says in its first frames up to where it has the messages of rooms.</param>
internal sealed class ClientDialog(ServerConnection connection, bool resumesByFrame)
{
    /// <summary>A client with a fault stumbles now and then; one that goes on like this is no client.</summary>
    private const int MaxMalformed = 10;

    private const int MaxEchoedRef = 64;

    private readonly TaskCompletionSource? _resuming =
        resumesByFrame ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;

    private int _malformed;

    /// <summary>The ref of a message that could not be stored. None with another ref is handled before it, so that their order stays.</summary>
    private string? _refused;

    /// <summary>
    /// Completes when the client has said up to where it has the messages of rooms, or does something else instead. No room may be entered
    /// before: what a client says of a room that it is in comes too late.
    /// </summary>
    public Task Resumed => _resuming?.Task ?? Task.CompletedTask;

    /// <summary>Reads a frame. Null if it has nothing for the handler; what is wrong is answered.</summary>
    public InboundMessage? Read(WebSocketMessage received)
    {
        if (V1ClientFrame.Read(received, out var frame) is { } problem)
        {
            Refuse(frame, problem);
            return null;
        }

        // Refused in its turn, so that a client that reads none of its answers has to wait like any other.
        if (!frame!.IsKnown)
            return new InboundMessage(default, RefOf(frame), IsSupported: false);
        switch (frame.Type)
        {
            case V1ClientFrame.MessageType:
                EndResume();
                return new InboundMessage(frame.ToMessage(), frame.Ref);
            case V1ClientFrame.ResumeType:
                Resume(frame, received);
                return null;
            default:
                return null;
        }
    }

    /// <summary>Expects no further positions.</summary>
    public void EndResume() => _resuming?.TrySetResult();

    /// <summary>Has a message handled, and tells the client what has become of it.</summary>
    /// <param name="driver">The handler.</param>
    /// <param name="inbound">The message.</param>
    /// <exception cref="HistoryUnavailableException">The message could not be stored, which the client was told.</exception>
    /// <exception cref="RoomAccessDeniedException">The client may not be in a room, which it was told.</exception>
    /// <exception cref="MessageRefusedException">The handler refuses the message, which the client was told.</exception>
    public async ValueTask HandleAsync(WebSocketHandlerDriver driver, InboundMessage inbound)
    {
        var reference = inbound.Ref;
        if (!inbound.IsSupported)
        {
            await connection.EnqueueAsync(V1Frames.Error(reference, V1Error.Unsupported, "This server does not know frames of this type."))
                .ConfigureAwait(false);
            return;
        }

        if (reference is not null && _refused is not null && _refused != reference)
        {
            await connection.EnqueueAsync(V1Frames.Error(reference, V1Error.Unavailable, "An earlier message was not stored; send that one first."))
                .ConfigureAwait(false);
            return;
        }

        if (reference is not null)
            _refused = null;
        try
        {
            if (reference is null)
                await driver.ReceiveAsync(inbound.Message).ConfigureAwait(false);
            else
                await connection.EnqueueAsync(await HandleAsync(driver, inbound.Message, reference).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (HistoryUnavailableException)
        {
            // Why is in the log. It may name servers, which are none of the client's business.
            _refused ??= reference;
            await connection.EnqueueAsync(V1Frames.Error(reference, V1Error.Unavailable, "The message could not be stored; send it again."))
                .ConfigureAwait(false);
            throw;
        }
        catch (RoomAccessDeniedException e)
        {
            await connection.EnqueueAsync(V1Frames.Error(reference, V1Error.Forbidden, e.Message)).ConfigureAwait(false);
            throw;
        }
        catch (MessageRefusedException e)
        {
            await connection.EnqueueAsync(V1Frames.Error(reference, e.Code, e.Message)).ConfigureAwait(false);
            throw;
        }
        catch (Exception e) when (e is not WebSocketClosedException)
        {
            // Not waited for: the connection is about to be closed. But a client that were not told would send the message again, and
            // fail again. What has failed is in the log, and none of the client's business.
            connection.Outbound.EnqueueIgnoringLimit(V1Frames.Error(reference, V1Error.Failed, "The server failed to handle the message."));
            throw;
        }
    }

    /// <summary>Says which message was one too many: it, and those behind it, are not handled.</summary>
    /// <param name="reference">The ref of that message; null if it has none, or it was no message.</param>
    /// <param name="retry">How long the client waits before it connects again.</param>
    public void RefuseExcess(string? reference, TimeSpan retry) => connection.Outbound.EnqueueIgnoringLimit(V1Frames.Error(
        reference, V1Error.RateLimited, "Too many messages; send this one, and those after it, on a new connection.", retry));

    /// <summary>Has a message handled that is to be stored once. Returns the acknowledgement.</summary>
    private async ValueTask<byte[]> HandleAsync(WebSocketHandlerDriver driver, WebSocketMessage message, string reference)
    {
        var scope = new RefScope(connection.UserId, reference);
        scope.Begin();
        try
        {
            await driver.ReceiveAsync(message).ConfigureAwait(false);
        }
        finally
        {
            scope.End();
        }

        return V1Frames.Ack(reference, scope.Room, scope.Position);
    }

    private void Resume(V1ClientFrame frame, WebSocketMessage received)
    {
        if (V1ResumeFrame.Read(received, out var positions, out var last) is { } problem)
        {
            Refuse(frame, problem);
            return;
        }

        connection.Resume(positions);
        if (last)
            EndResume();
    }

    /// <summary>What the client is told of which frame it was: not more than it may say itself.</summary>
    private static string? RefOf(V1ClientFrame? frame) => frame?.Ref is { Length: > 0 and <= MaxEchoedRef } reference ? reference : null;

    private void Refuse(V1ClientFrame? frame, string problem)
    {
        EndResume();
        connection.Outbound.EnqueueIgnoringLimit(V1Frames.Error(RefOf(frame), V1Error.Malformed, problem));
        if (++_malformed == MaxMalformed)
            connection.CloseHere(WebSocketCloseStatus.PolicyViolation, "too many malformed frames");
    }
}

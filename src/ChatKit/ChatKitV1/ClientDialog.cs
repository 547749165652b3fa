using System.Diagnostics;
using System.Net.WebSockets;
using ChatKit.History;

namespace ChatKit.ChatKitV1;

/// <summary>
/// Handles the frames of a client that speaks <see cref="ChatKitSubprotocol.V1"/>, and answers them. The answers say which messages were
/// stored, and at which positions.
/// </summary>
/// <param name="client">The client.</param>
/// <param name="resumesByFrame">Whether the client sends its last positions in its first frames.</param>
internal sealed class ClientDialog(IDialogClient client, bool resumesByFrame)
{
    /// <summary>The number of malformed frames at which the connection is closed. A faulty client sends one now and then.</summary>
    private const int MaxMalformed = 10;

    private const string GoneText = "The message is no longer stored.";

    private readonly TaskCompletionSource? _resuming =
        resumesByFrame ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;

    private int _malformed;

    /// <summary>
    /// The ref of a message that could not be stored. To preserve the order, messages with other refs are refused until it is sent again.
    /// </summary>
    private string? _refused;

    /// <summary>
    /// Completes when the client has sent its last positions, or sends something else instead. Don't join a room earlier, because a
    /// position for a room that the client is already in comes too late.
    /// </summary>
    public Task Resumed => _resuming?.Task ?? Task.CompletedTask;

    /// <summary>Reads a frame. Returns null if it contains nothing for the handler. A malformed frame is answered with an error.</summary>
    public InboundMessage? Read(WebSocketMessage received)
    {
        if (V1MessageFrame.TryRead(received) is { } message)
        {
            EndResume();
            return message;
        }

        if (V1ClientFrame.Read(received, out var frame) is { } problem)
        {
            Refuse(frame, problem);
            return null;
        }

        // Refused in its turn, so that a client that doesn't read the answers has to wait.
        if (!frame!.IsKnown)
            return new InboundMessage(default, frame.ValidRef, new ClientRequest.Unsupported());
        switch (frame.Type)
        {
            case V1ClientFrame.PongType:
                return null;
            case V1ClientFrame.ResumeType:
                Resume(frame, received);
                return null;
        }

        if (V1Request.Read(frame, received, out var inbound) is { } fault)
        {
            Refuse(frame, fault);
            return null;
        }

        EndResume();
        return inbound;
    }

    /// <summary>Ends the wait for more positions.</summary>
    public void EndResume() => _resuming?.TrySetResult();

    /// <summary>Passes a message to the handler, or fulfils a request, and sends the result to the client.</summary>
    /// <param name="driver">The handler.</param>
    /// <param name="inbound">The message.</param>
    /// <exception cref="HistoryUnavailableException">The message couldn't be stored. The client was notified.</exception>
    /// <exception cref="RoomAccessDeniedException">The client was denied access to a room, and was notified.</exception>
    /// <exception cref="MessageRefusedException">The handler refused the message. The client was notified.</exception>
    public async ValueTask HandleAsync(WebSocketHandlerDriver driver, InboundMessage inbound)
    {
        var reference = inbound.Ref;
        try
        {
            if (inbound.Request is ClientRequest.Unsupported or ClientRequest.Join or ClientRequest.Leave)
                await FulfilAsync(inbound.Request, reference).ConfigureAwait(false);
            else if (inbound.Request is ClientRequest.Read read)
                await MoveReadAsync(read, RoomOf(inbound.Message), reference).ConfigureAwait(false);
            else if (ProblemOf(inbound, reference) is { } problem)
                await client.EnqueueAsync(Error(reference, problem.Code, problem.Text)).ConfigureAwait(false);
            else if (inbound.Request is ClientRequest.History history)
                await client.EnqueueAsync(await ReadAsync(history, RoomOf(inbound.Message), reference).ConfigureAwait(false)).ConfigureAwait(false);
            else if (reference is null || !inbound.IsStored)
                await PassAsync(driver, inbound).ConfigureAwait(false);
            else
                await client.EnqueueAsync(await HandleAsync(driver, inbound, reference).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not WebSocketClosedException)
        {
            if (e is HistoryUnavailableException && inbound.IsStored)
                _refused ??= reference;
            var (code, text) = V1Error.Of(e);
            var frame = Error(reference, code, text);
            if (code == V1Error.Failed)
                client.EnqueueIgnoringLimit(frame); // Not waited for: the connection is about to be closed.
            else
                await client.EnqueueAsync(frame).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Notifies the client of the message that exceeded the rate. That message and those after it are not handled.</summary>
    /// <param name="reference">The ref of that message; null if it has none, or if it wasn't a message.</param>
    /// <param name="retry">How long the client waits before it reconnects.</param>
    public void RefuseExcess(string? reference, TimeSpan retry) => client.EnqueueIgnoringLimit(Error(
        reference, V1Error.RateLimited, "Too many messages. Send this message and those after it on a new connection.", retry));

    /// <summary>Passes a message or a change that must be stored only once to the handler. Returns the acknowledgement.</summary>
    private async ValueTask<byte[]> HandleAsync(WebSocketHandlerDriver driver, InboundMessage inbound, string reference)
    {
        var scope = new RefScope(client.UserId, reference);
        scope.Begin();
        try
        {
            await PassAsync(driver, inbound).ConfigureAwait(false);
        }
        finally
        {
            scope.End();
        }

        return scope is { IsGone: true, Position: null } ? GoneError(reference) : V1Frames.Ack(reference, scope.Room, scope.Position);
    }

    private async ValueTask PassAsync(WebSocketHandlerDriver driver, InboundMessage inbound)
    {
        var message = inbound.Message;
        if (inbound.Request is null)
        {
            await driver.ReceiveAsync(message).ConfigureAwait(false);
            return;
        }

        if (inbound.Request is ClientRequest.Signal signal)
        {
            await driver.ReceiveAsync(new RoomSignal(RoomOf(message), signal.Name, signal.Data)).ConfigureAwait(false);
            return;
        }

        var room = RoomOf(message);
        var position = inbound.Request is ClientRequest.Edit { Position: var edited } ? edited : ((ClientRequest.Delete)inbound.Request).Position;
        var original = await FindAsync(room, position).ConfigureAwait(false);
        if (original is null || (original.IsDeleted && inbound.Request is ClientRequest.Edit))
            throw new MessageRefusedException(V1Error.Gone, GoneText);
        if (inbound.Request is ClientRequest.Edit)
            await driver.EditAsync(new EditRequest(room, original.Position.GetValueOrDefault(), original, message.In(room))).ConfigureAwait(false);
        else
            await driver.DeleteAsync(new DeleteRequest(room, original.Position.GetValueOrDefault(), original)).ConfigureAwait(false);
    }

    /// <summary>Finds a stored message. Its position can have a later epoch than the one that is sought.</summary>
    private async ValueTask<ChatMessage?> FindAsync(string room, MessagePosition position)
    {
        if (position.Sequence == long.MaxValue)
            return null;
        var next = position with { Sequence = position.Sequence + 1 };
        var found = await client.ReadBeforeAsync(room, next, 1).ConfigureAwait(false);
        return found.Messages is [{ Position: { } at } message] && at.Sequence == position.Sequence ? message : null;
    }

    private async ValueTask<byte[]> ReadAsync(ClientRequest.History request, string room, string? reference)
    {
        var older = await client.ReadBeforeAsync(room, request.Before, request.Limit).ConfigureAwait(false);
        return V1Frames.History(reference, room, older, client.QueueLimit);
    }

    private async ValueTask FulfilAsync(ClientRequest request, string? reference)
    {
        var answer = request switch
        {
            ClientRequest.Unsupported => Error(reference, V1Error.Unsupported, "This server does not support frames of this type."),
            _ when !client.AllowsClientJoins => Error(reference, V1Error.Forbidden, "This endpoint does not let clients join rooms."),
            ClientRequest.Join join => await JoinAsync(join, reference).ConfigureAwait(false),
            ClientRequest.Leave leave => await LeaveAsync(leave, reference).ConfigureAwait(false),
            _ => throw new UnreachableException(),
        };
        if (answer is not null)
            await client.EnqueueAsync(answer).ConfigureAwait(false);
    }

    /// <summary>Joins a room. Returns the answer, unless the client has received it before the room's messages.</summary>
    private async ValueTask<byte[]?> JoinAsync(ClientRequest.Join join, string? reference)
    {
        var ack = V1Frames.Ack(reference, join.Room, null);
        return await client.JoinAsync(join, ack).ConfigureAwait(false) switch
        {
            JoinResult.Joined => null,
            JoinResult.Unchanged => ack,
            JoinResult.Denied => Error(reference, V1Error.Forbidden, RoomAccessDeniedException.To(join.Room).Message),
            JoinResult.TooManyRooms => Error(reference, V1Error.TooManyRooms, "Too many rooms. Leave one before you join another."),
            _ => throw new UnreachableException(),
        };
    }

    private async ValueTask<byte[]> LeaveAsync(ClientRequest.Leave leave, string? reference)
    {
        await client.LeaveByClientAsync(leave.Room).ConfigureAwait(false);
        return V1Frames.Ack(reference, leave.Room, null);
    }

    /// <summary>Moves the user's read cursor, and answers if that is refused, or if the client has asked for an answer.</summary>
    private async ValueTask MoveReadAsync(ClientRequest.Read read, string room, string? reference)
    {
        byte[]? answer = null;
        if (!client.TracksReads || client.UserId is null)
            answer = Error(reference, V1Error.Forbidden, "This endpoint does not keep what you have read, or you are not signed in.");
        else if (!client.IsIn(room))
            answer = Error(reference, V1Error.NotJoined, "You are not in this room.");
        else
            client.MoveRead(room, read.Position);
        if (answer is not null || reference is not null)
            await client.EnqueueAsync(answer ?? V1Frames.Ack(reference, room, null)).ConfigureAwait(false);
    }

    /// <summary>Why a message cannot be passed to the handler; null if it can. A message that is sent again ends the wait for it.</summary>
    private (string Code, string Text)? ProblemOf(InboundMessage inbound, string? reference)
    {
        var message = inbound.Message;
        if (!inbound.IsStored)
            reference = null;
        if (reference is not null && _refused is not null && _refused != reference)
            return (V1Error.Unavailable, "An earlier message was not stored. Send that message again first.");
        if (reference is not null)
            _refused = null;

        // Where clients do not join rooms, the handler decides whether its client may write, and may have taken it out of the home room.
        if (message.Room.Length == 0 && !client.AllowsClientJoins && inbound.Request is null)
            return null;
        var room = RoomOf(message);
        if (room != client.Room && !client.AllowsClientJoins)
            return (V1Error.Forbidden, "This endpoint does not let clients address rooms.");
        return client.IsIn(room) ? null : (V1Error.NotJoined, "You are not in this room. Join it before you send messages to it.");
    }

    /// <summary>Answers a frame that is refused.</summary>
    private byte[] Error(string? reference, string code, string text, TimeSpan? retry = null)
    {
        client.OnRefused(code);
        return V1Frames.Error(reference, code, text, retry);
    }

    private void Resume(V1ClientFrame frame, WebSocketMessage received)
    {
        if (V1ResumeFrame.Read(received, out var positions, out var last) is { } problem)
        {
            Refuse(frame, problem);
            return;
        }

        client.Resume(positions);
        if (last)
            EndResume();
    }

    private string RoomOf(WebSocketMessage message) => message.Room.Length > 0 ? message.Room : client.Room;

    private byte[] GoneError(string reference) => Error(reference, V1Error.Gone, GoneText);

    private void Refuse(V1ClientFrame? frame, string problem)
    {
        EndResume();
        client.EnqueueIgnoringLimit(Error(frame?.ValidRef, V1Error.Malformed, problem));
        if (++_malformed == MaxMalformed)
            client.Disconnect(WebSocketCloseStatus.PolicyViolation, "too many malformed frames");
    }
}

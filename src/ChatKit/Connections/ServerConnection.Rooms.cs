using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.Rooms.Events;

namespace ChatKit.Connections;

/// <content>The rooms of the connection.</content>
internal sealed partial class ServerConnection
{
    /// <summary>The rooms in which the client may act without being in them; null for a client that enters rooms.</summary>
    private string[]? _allowed;

    public override ValueTask JoinAsync(string room, CancellationToken cancellationToken = default)
    {
        RoomName.ThrowIfInvalid(room);
        return EnterAsync(room, cancellationToken);
    }

    public ValueTask<JoinResult> JoinAsync(ClientRequest.Join join, byte[] ack) =>
        _rooms.JoinAsync(join, () => EnqueueAsync(ack)).LogDenialAsync(_services.Logger, this, join.Room);

    public void JoinByServer(string room)
    {
        var (result, join) = _rooms.BeginByServer(room);
        if (result == JoinResult.TooManyRooms)
            _services.Logger.TooManyRooms(Id, UserId, room);
        if (join is not null)
            Inbox.Post(new InboundMessage(default, null, new ServerJoin(join)));
    }

    public async ValueTask EnterByServerAsync(RoomJoin join) =>
        await _rooms.JoinAsync(join).LogDenialAsync(_services.Logger, this, join.Room).ConfigureAwait(false);

    public void LeaveByServer(UserCommand.Leave command, DateTimeOffset until)
    {
        var hasLeft = _rooms.Leave(command.Room, AgeAt(until), out var wasJoining) is not null;
        if ((hasLeft || wasJoining) && SpeaksV1)
            EnqueueIgnoringLimit(V1Frames.Left(command.Room, command.Reason));
    }

    public void OnJoinFailed(string room, Exception exception)
    {
        _services.Logger.JoinFailed(Id, room, exception);
        CloseHere(WebSocketCloseStatus.InternalServerError, "a room could not be joined", exception);
    }

    public bool IsIn(string room) => _rooms.IsIn(room) || _allowed?.Contains(room) == true;

    public async ValueTask LeaveByClientAsync(string room)
    {
        if (_rooms.Leave(room) is { } membership)
            await membership.Room.WaitForDeliveryAsync().ConfigureAwait(false);
    }

    public override ValueTask LeaveAsync(string room)
    {
        ArgumentNullException.ThrowIfNull(room);
        _rooms.Leave(room);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Enters the user's own room, which delivers everything for this user, and then the home room. The order matters: a user who is
    /// disconnected while the handler decides about the home room is notified. Closes the connection if it may not be in its home room.
    /// </summary>
    public async ValueTask EnterHomeAsync()
    {
        try
        {
            if (!_transport.EntersRooms)
            {
                await AskForRoomsAsync().ConfigureAwait(false);
                return;
            }

            if (UserId is { } user && _transport.WaitsForMessages)
                await _rooms.EnterOwnAsync(RoomName.OfUser(user)).ConfigureAwait(false);
            await EnterAsync(Room, CancellationToken.None).ConfigureAwait(false);
        }
        catch (RoomAccessDeniedException)
        {
            _services.Metrics.RefusedHomeRoom();
            CloseHere(WebSocketCloseStatus.PolicyViolation, "not allowed in this room");
        }
    }

    /// <summary>Takes the last positions that the client has in rooms. Each is used when the connection next enters the room.</summary>
    public void Resume(IReadOnlyDictionary<string, StreamPosition> after) => _rooms.Resume(after);

    public void LeaveAll() => _rooms.LeaveAll();

    /// <summary>Asks the handler for the rooms in which a client that enters none may act: the home room, and one that it addresses.</summary>
    /// <exception cref="RoomAccessDeniedException">The handler denies access to one of them.</exception>
    private async ValueTask AskForRoomsAsync()
    {
        string[] rooms = AllowsClientJoins && _transport.AddressedRoom is { } addressed ? [Room, addressed] : [Room];
        foreach (var room in rooms)
        {
            if (!await RoomQuestion.AskAsync(this, room).ConfigureAwait(false))
            {
                _services.Logger.RoomDenied(Id, UserId, room);
                throw RoomAccessDeniedException.To(room);
            }
        }

        _allowed = rooms;
    }

    private ValueTask EnterAsync(string room, CancellationToken cancellationToken) =>
        _rooms.JoinAsync(room, cancellationToken).LogDenialAsync(_services.Logger, this, room);
}

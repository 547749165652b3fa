namespace ChatKit.Connections;

/// <summary>
/// Asks a handler whether its client may be in a room. Meanwhile the handler cannot join rooms: each join would ask it again, without end.
/// The question flows with the calls that the handler makes. Work that it starts and does not await may go on after the answer.
/// </summary>
internal sealed class RoomQuestion
{
    private static readonly AsyncLocal<RoomQuestion?> Asked = new();

    private readonly string _room;
    private volatile bool _isAnswered;

    private RoomQuestion(string room) => _room = room;

    /// <exception cref="InvalidOperationException">The caller is a handler that is currently authorizing a room.</exception>
    public static void ThrowIfAsked()
    {
        if (Asked.Value is { _isAnswered: false } question)
        {
            throw new InvalidOperationException(
                $"JoinAsync can't be called from {nameof(WebSocketHandler.AuthorizeRoomAsync)} (room '{question._room}'), because it would call "
                + $"it again. Call it from {nameof(WebSocketHandler.OnOpenAsync)} or {nameof(WebSocketHandler.OnMessageAsync)}.");
        }
    }

    public static async ValueTask<bool> AskAsync(IRoomJoiner connection, string room)
    {
        var question = new RoomQuestion(room);
        Asked.Value = question;
        try
        {
            return await connection.AuthorizeRoomAsync(room).ConfigureAwait(false);
        }
        finally
        {
            question._isAnswered = true;
        }
    }
}

namespace ChatKit.Connections;

/// <summary>
/// One attempt to join, distinct from other attempts for the same room. Leaving a room cancels the attempts that have begun, and none that
/// follow.
/// </summary>
/// <param name="room">The room's name.</param>
/// <param name="age">The age of the connection when the attempt began, in milliseconds.</param>
/// <param name="isByServer">Whether the application adds the connection to the room.</param>
internal sealed class RoomJoin(string room, uint age, bool isByServer)
{
    public string Room => room;

    public uint Age => age;

    public bool IsByServer => isByServer;
}

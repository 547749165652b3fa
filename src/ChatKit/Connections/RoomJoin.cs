namespace ChatKit.Connections;

/// <summary>
/// One attempt to join, distinct from other attempts for the same room. Leaving a room cancels the attempts that have begun, and none
/// that follow.
/// </summary>
internal sealed class RoomJoin(string room)
{
    public string Room => room;
}

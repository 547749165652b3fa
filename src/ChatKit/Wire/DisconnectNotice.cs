using System.Net.WebSockets;

namespace ChatKit.Wire;

/// <summary>Closes the connections of everybody in a room: of a user, in the user's own.</summary>
internal sealed record DisconnectNotice(WebSocketCloseStatus Status, string? Reason) : RoomNotice
{
    public override byte[] Frame(string room) => [];
}

using System.Net.WebSockets;

namespace ChatKit.Rooms.Events;

/// <summary>Closes the connections of everybody in a room: of a user, in the user's own.</summary>
internal sealed record DisconnectEvent(WebSocketCloseStatus Status, string? Reason) : RoomEvent;

using System.Net.WebSockets;

namespace ChatKit.Rooms.Events;

/// <summary>Closes the connections of all members of a room. In a user's own room, these are the user's connections.</summary>
internal sealed record DisconnectEvent(WebSocketCloseStatus Status, string? Reason) : RoomEvent;

using System.Text.Json;

namespace ChatKit;

/// <summary>A member of a room, as <see cref="IRoomPresence"/> lists it.</summary>
/// <param name="Id">The user's id, or the connection id of an anonymous client.</param>
/// <param name="Data">
/// The data that the member's handler has set with <see cref="WebSocketConnection.SetPresenceAsync"/>; null if it has set none.
/// </param>
public sealed record PresentMember(string Id, JsonElement? Data);

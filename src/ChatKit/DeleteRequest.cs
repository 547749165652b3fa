namespace ChatKit;

/// <summary>A client's request to delete a stored message. Passed to <see cref="WebSocketHandler.OnDeleteAsync"/>.</summary>
/// <param name="Room">The room's name.</param>
/// <param name="Position">The position of the message.</param>
/// <param name="Original">The message as it is stored now.</param>
public sealed record DeleteRequest(string Room, MessagePosition Position, ChatMessage Original);

namespace ChatKit;

/// <summary>A client's request to edit a stored message. Passed to <see cref="WebSocketHandler.OnEditAsync"/>.</summary>
/// <param name="Room">The room's name.</param>
/// <param name="Position">The position of the message.</param>
/// <param name="Original">The message as it is stored now.</param>
/// <param name="Message">What the message is to become.</param>
public sealed record EditRequest(string Room, MessagePosition Position, ChatMessage Original, WebSocketMessage Message);

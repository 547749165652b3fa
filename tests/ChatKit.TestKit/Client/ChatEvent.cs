using System.Net.WebSockets;

namespace ChatKit.TestKit.Client;

/// <summary>An event of a <see cref="ChatClient"/>.</summary>
public abstract record ChatEvent;

/// <summary>A message. Messages with a position arrive once, in the order of the positions of their room.</summary>
/// <param name="Room">The room; null if the message is only for this client or its user.</param>
/// <param name="Position">Its position in the room; null if it is ephemeral.</param>
/// <param name="From">The user who sent it.</param>
/// <param name="At">The time at which the server received it.</param>
/// <param name="Text">The text; null if it is binary.</param>
/// <param name="Data">The bytes; null if it is a text.</param>
/// <param name="IsEdited">Whether it was edited.</param>
/// <param name="IsDeleted">Whether it was deleted. It then has no content.</param>
public sealed record MessageReceived(
    string? Room, string? Position, string? From, DateTimeOffset At, string? Text, byte[]? Data, bool IsEdited = false, bool IsDeleted = false)
    : ChatEvent;

/// <summary>A message has a new content, or was deleted. It can be a message that the client does not have.</summary>
/// <param name="Room">The room.</param>
/// <param name="Position">The position of the message. Its epoch can be later than the one that the message had when it arrived.</param>
/// <param name="Revision">The revision of the change.</param>
/// <param name="Text">The new text; null if it is binary or deleted.</param>
/// <param name="Data">The new bytes; null if it is a text or deleted.</param>
/// <param name="IsDeleted">Whether it was deleted.</param>
public sealed record MessageChanged(string Room, string Position, long Revision, string? Text, byte[]? Data, bool IsDeleted) : ChatEvent;

/// <summary>Messages are missing and will not arrive. The following message is at <paramref name="Next"/>.</summary>
/// <param name="Room">The room.</param>
/// <param name="After">The last position before the gap.</param>
/// <param name="Next">The first position after it; null if there is none yet.</param>
/// <param name="Missed">The number of missing messages; null if it is unknown.</param>
/// <param name="IsReset">Whether the room's stream has started again.</param>
public sealed record GapFound(string Room, string After, string? Next, long? Missed, bool IsReset) : ChatEvent;

/// <summary>The client has caught up with a room. All further messages are new. If the client polls, each answer repeats it.</summary>
/// <param name="Room">The room.</param>
/// <param name="Position">The last position that the client has.</param>
/// <param name="Recovered">Whether it resumed and has received every message since its position.</param>
/// <param name="Revision">The last revision; 0 if no message was ever changed.</param>
/// <param name="Read">The position up to which the user has read the room; null if it has not, or if that is not known.</param>
/// <param name="Unread">The number of stored messages after it; null if that is not known.</param>
public sealed record BecameLive(
    string Room, string Position, bool Recovered, long Revision = 0, string? Read = null, int? Unread = null) : ChatEvent;

/// <summary>
/// The client is in a room that it has asked to join. All further events of the room are of this stay. It is reported once for each call of
/// <see cref="ChatClient.Join"/>, not when the client joins again after it has reconnected.
/// </summary>
/// <param name="Room">The room.</param>
public sealed record RoomJoined(string Room) : ChatEvent;

/// <summary>The server has refused to let the client join a room.</summary>
/// <param name="Room">The room.</param>
/// <param name="Code">The code of the error.</param>
public sealed record JoinRefused(string Room, string Code) : ChatEvent;

/// <summary>A user has read a room up to a position.</summary>
public sealed record ReadMoved(string Room, string User, string Position) : ChatEvent;

/// <summary>A signal of another client.</summary>
public sealed record SignalReceived(string Room, string? From, string Name, string? Data) : ChatEvent;

/// <summary>The state of the connection has changed.</summary>
/// <param name="State">The new state.</param>
/// <param name="Code">The close code, if there is one.</param>
/// <param name="Reason">The reason, for the user.</param>
public sealed record StateChanged(ClientState State, WebSocketCloseStatus? Code = null, string? Reason = null) : ChatEvent;

/// <summary>The state of the connection of a <see cref="ChatClient"/>.</summary>
public enum ClientState
{
    /// <summary>The client is connecting.</summary>
    Connecting,

    /// <summary>The server has sent welcome.</summary>
    Connected,

    /// <summary>The connection is lost, and the client reconnects after a while.</summary>
    Waiting,

    /// <summary>The connection is closed for good.</summary>
    Closed,
}

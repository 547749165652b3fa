using System.Net.WebSockets;

namespace ChatKit.TestKit.Client;

/// <summary>Something that has happened to a <see cref="ChatClient"/>.</summary>
public abstract record ChatEvent;

/// <summary>A message. Each that has a position comes once, in the order of the positions of its room.</summary>
/// <param name="Room">The room; null if the message is for this client or its user alone.</param>
/// <param name="Position">Its position in the room; null if it is ephemeral.</param>
/// <param name="From">The user who sent it.</param>
/// <param name="At">When the server got it.</param>
/// <param name="Text">The text; null if it is binary.</param>
/// <param name="Data">The bytes; null if it is a text.</param>
public sealed record MessageReceived(string? Room, string? Position, string? From, DateTimeOffset At, string? Text, byte[]? Data) : ChatEvent;

/// <summary>Messages are missing and will not come. The message that follows is <paramref name="Next"/>.</summary>
/// <param name="Room">The room.</param>
/// <param name="After">The last position before the hole.</param>
/// <param name="Next">The first behind it; null as long as there is none.</param>
/// <param name="Missed">How many are missing; null if that is not known.</param>
/// <param name="IsReset">Whether the room's stream has begun anew.</param>
public sealed record GapFound(string Room, string After, string? Next, long? Missed, bool IsReset) : ChatEvent;

/// <summary>The client has all that is stored of a room; what follows is new.</summary>
/// <param name="Room">The room.</param>
/// <param name="Position">The last position that the client has.</param>
/// <param name="Recovered">Whether it has resumed, and got everything since.</param>
public sealed record BecameLive(string Room, string Position, bool Recovered) : ChatEvent;

/// <summary>The connection has come or gone.</summary>
/// <param name="State">What it is now.</param>
/// <param name="Code">The close code that has ended it, if one has.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record StateChanged(ClientState State, WebSocketCloseStatus? Code = null, string? Reason = null) : ChatEvent;

/// <summary>What the connection of a <see cref="ChatClient"/> is.</summary>
public enum ClientState
{
    /// <summary>Is being made.</summary>
    Connecting,

    /// <summary>The server has said welcome.</summary>
    Connected,

    /// <summary>Is gone, and will be made again after a while.</summary>
    Waiting,

    /// <summary>Is gone for good.</summary>
    Closed,
}

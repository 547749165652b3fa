using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ChatKit.Client;

/// <summary>Something that a <see cref="ChatClient"/> reports.</summary>
public abstract record ChatEvent
{
    private protected ChatEvent()
    {
    }

    /// <summary>The room; null if the event isn't of a room.</summary>
    public string? Room { get; init; }
}

/// <summary>An event with a content: a text, bytes, or a JSON value. All are null if the message was deleted.</summary>
public abstract record ContentEvent : ChatEvent
{
    private protected ContentEvent()
    {
    }

    /// <summary>The text; null if the content isn't a text.</summary>
    public string? Text { get; init; }

    /// <summary>The bytes; null if the content isn't binary.</summary>
    public ReadOnlyMemory<byte>? Bytes { get; init; }

    /// <summary>The JSON value; null if the content isn't JSON.</summary>
    public JsonElement? Json { get; init; }

    /// <summary>Reads the JSON value.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="type">Describes the type, such as a property of your <c>JsonSerializerContext</c>.</param>
    /// <exception cref="InvalidOperationException">The content isn't JSON.</exception>
    /// <exception cref="JsonException">The value doesn't have this type.</exception>
    public T? ReadJson<T>(JsonTypeInfo<T> type) =>
        Json is { } json ? json.Deserialize(type) : throw new InvalidOperationException("The content isn't JSON; see the property Json.");
}

/// <summary>A message. Messages with a position arrive once, in the order of their room.</summary>
public sealed record MessageReceived : ContentEvent
{
    internal MessageReceived()
    {
    }

    /// <summary>The position; null if the message isn't stored.</summary>
    public MessagePosition? Position { get; init; }

    /// <summary>The id of the user who sent the message; null if it was sent anonymously or by the server.</summary>
    public string? From { get; init; }

    /// <summary>When the server received the message.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>When the message was last edited or deleted; null if it wasn't.</summary>
    public DateTimeOffset? EditedAt { get; init; }

    /// <summary>Whether the message was deleted. It has no content then.</summary>
    public bool IsDeleted { get; init; }

    /// <summary>False for messages that the client received while it caught up with the room.</summary>
    public bool IsLive { get; init; }
}

/// <summary>A message was edited or deleted. It can be a message that the application doesn't show.</summary>
public sealed record MessageChanged : ContentEvent
{
    internal MessageChanged()
    {
    }

    /// <summary>The position of the message, which stays the same.</summary>
    public MessagePosition Position { get; init; }

    /// <summary>When the message was changed.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The id of the user who changed the message; null if it was changed anonymously or by the server.</summary>
    public string? By { get; init; }

    /// <summary>Whether the message was deleted.</summary>
    public bool IsDeleted { get; init; }

    internal long Revision { get; init; }
}

/// <summary>Messages are missing and will not arrive, as announced by the server or shown by the positions.</summary>
public sealed record GapDetected : ChatEvent
{
    internal GapDetected()
    {
    }

    /// <summary>The last position before the gap.</summary>
    public MessagePosition After { get; init; }

    /// <summary>The position of the following message; null if there is none yet.</summary>
    public MessagePosition? Next { get; init; }

    /// <summary>The number of missing messages; null if it is unknown because of a reset.</summary>
    public long? Missed { get; init; }

    /// <summary>Whether the server has lost the room's messages and started a new stream.</summary>
    public bool IsReset { get; init; }
}

/// <summary>The client has caught up with a room. All further messages of the room are new.</summary>
public sealed record RoomLive : ChatEvent
{
    internal RoomLive()
    {
    }

    /// <summary>Whether the client resumed and has received every message since its position.</summary>
    public bool Recovered { get; init; }

    /// <summary>The position up to which the user has read the room, on any device; null if the server doesn't track it or doesn't know.</summary>
    public MessagePosition? Read { get; init; }

    /// <summary>The number of stored messages after it; null if the server doesn't track it.</summary>
    public int? Unread { get; init; }

    internal MessagePosition At { get; init; }

    internal long Revision { get; init; }
}

/// <summary>Who is in a room, if the endpoint tracks presence.</summary>
public sealed record PresenceChanged : ChatEvent
{
    internal PresenceChanged()
    {
    }

    /// <summary>Everyone who is in the room now; empty if the room is so large that the server only states their number.</summary>
    public required IReadOnlyCollection<string> Here { get; init; }

    /// <summary>The number of those who are in the room now.</summary>
    public int Count { get; init; }

    /// <summary>Those who have come since the last event.</summary>
    public IReadOnlyCollection<string> Joined { get; init; } = [];

    /// <summary>Those who have gone since the last event.</summary>
    public IReadOnlyCollection<string> Left { get; init; } = [];

    /// <summary>Those whose data in <see cref="Members"/> has changed.</summary>
    public IReadOnlyCollection<string> Changed { get; init; } = [];

    /// <summary>What the server's handler has set for those who are here, by id, for example a display name.</summary>
    public required IReadOnlyDictionary<string, JsonElement> Members { get; init; }
}

/// <summary>Somebody has sent a signal, such as <c>typing</c>. Signals aren't stored, and can be lost.</summary>
public sealed record SignalReceived : ChatEvent
{
    internal SignalReceived()
    {
    }

    /// <summary>The id of the user who sent the signal; null if it was sent anonymously or by the server.</summary>
    public string? From { get; init; }

    /// <summary>The name of the signal.</summary>
    public required string Name { get; init; }

    /// <summary>The data, if any.</summary>
    public string? Data { get; init; }
}

/// <summary>A user has read a room up to a position.</summary>
public sealed record ReadMoved : ChatEvent
{
    internal ReadMoved()
    {
    }

    /// <summary>The id of the user.</summary>
    public required string User { get; init; }

    /// <summary>The position.</summary>
    public MessagePosition Position { get; init; }
}

/// <summary>The server has taken the client out of a room. The client doesn't join it again by itself.</summary>
public sealed record RoomLeft : ChatEvent
{
    internal RoomLeft()
    {
    }

    /// <summary>The server's reason, for people; can be null.</summary>
    public string? Reason { get; init; }
}

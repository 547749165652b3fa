using System.Net.WebSockets;
using System.Text.Json;
using ChatKit.WebSockets;

namespace ChatKit.ChatKitV1;

/// <summary>Writes the frames of <see cref="ChatKitSubprotocol.V1"/>. Each frame is a JSON object in one text frame.</summary>
internal static partial class V1Frames
{
    [ThreadStatic]
    private static V1FrameBuffer? _buffer;

    public static ReadOnlyMemory<byte> Ping { get; } = Frame(0, static (json, _) => Begin(json, "ping"));

    public static byte[] Welcome(string connection, string room, string? user, TimeSpan ping, int limit, int rooms) =>
        Frame((connection, room, user, ping, limit, rooms), static (json, welcome) =>
        {
            Begin(json, "welcome");
            json.WriteString("connection", welcome.connection);
            json.WriteString("room", welcome.room);
            WriteIfAny(json, "user", welcome.user);
            json.WriteNumber("ping", welcome.ping == Timeout.InfiniteTimeSpan ? 0 : welcome.ping.TotalSeconds);
            json.WriteNumber("limit", welcome.limit);
            json.WriteNumber("rooms", welcome.rooms);
        });

    /// <summary>
    /// A message of a room. A message of a user's internal room, which is hidden from clients, is written as a message for that user only.
    /// </summary>
    public static byte[] Message(string room, ChatMessage message) =>
        Frame((room, message), static (json, it) =>
        {
            Begin(json, "message");
            if (!RoomName.IsOfUser(it.room))
                json.WriteString("room", it.room);
            WriteMessage(json, it.message);
        });

    /// <summary>A message of a room that a client has received before, as it is now.</summary>
    private static byte[] Change(string room, ChatMessage message) =>
        Frame((room, message), static (json, it) =>
        {
            Begin(json, "change");
            json.WriteString("room", it.room);
            json.WriteString("position", it.message.Position.ToString());
            json.WriteNumber("revision", it.message.Revision.GetValueOrDefault());
            json.WriteString("at", it.message.ChangedAt.GetValueOrDefault().UtcDateTime);
            WriteIfAny(json, "by", it.message.ChangedBy);
            WritePayload(json, it.message);
        });

    /// <summary>A message that a handler sends to its own client.</summary>
    public static byte[] Direct(WebSocketMessageType type, ReadOnlyMemory<byte> data, DateTimeOffset at, bool isJson = false) =>
        Frame((type, data, at, isJson), static (json, it) =>
        {
            Begin(json, "message");
            json.WriteString("at", it.at.UtcDateTime);
            WriteData(json, it.type, it.data, it.isJson);
        });

    /// <summary>A notification that the message at a position isn't for the client, which would otherwise report it as missing.</summary>
    public static byte[] Skip(string room, MessagePosition position) =>
        Frame((room, position), static (json, it) =>
        {
            Begin(json, "skip");
            json.WriteString("room", it.room);
            json.WriteString("position", it.position.ToString());
        });

    /// <param name="room">The room's name.</param>
    /// <param name="position">The last position that the client has.</param>
    /// <param name="recovered">Whether the client has received everything after the position that it has stated.</param>
    /// <param name="revision">The room's last revision; 0 if there is none.</param>
    /// <param name="read">The position up to which the user has read the room; null if there is none.</param>
    /// <param name="unread">The number of stored messages after that; null if it is unknown.</param>
    public static byte[] Live(
        string room, MessagePosition position, bool recovered, long revision = 0, MessagePosition? read = null, int? unread = null) =>
        Frame((room, position, recovered, revision, read, unread), static (json, live) =>
        {
            Begin(json, "live");
            json.WriteString("room", live.room);
            json.WriteString("position", live.position.ToString());
            if (live.revision > 0)
                json.WriteNumber("revision", live.revision);
            json.WriteBoolean("recovered", live.recovered);
            WriteIfAny(json, "read", live.read?.ToString());
            if (live.unread is { } unread)
                json.WriteNumber("unread", unread);
        });

    /// <summary>Older messages of a room, as they are now. The oldest are left out if the frame would be too large.</summary>
    /// <param name="reference">The ref of the request; null if it has none.</param>
    /// <param name="room">The room's name.</param>
    /// <param name="older">The messages.</param>
    /// <param name="limit">The maximum size of the frame, in bytes. A single message can exceed it.</param>
    public static byte[] History(string? reference, string room, OlderMessages older, int limit)
    {
        var count = older.Messages.Count;
        while (true)
        {
            var frame = HistoryWithout(reference, room, older, skipped: older.Messages.Count - count);
            if (frame.Length <= limit || count <= 1)
                return frame;
            count /= 2;
        }
    }

    private static byte[] HistoryWithout(string? reference, string room, OlderMessages older, int skipped) =>
        Frame((reference, room, older, skipped), static (json, it) =>
        {
            var (reference, room, older, skipped) = it;
            Begin(json, "history");
            WriteIfAny(json, "ref", reference);
            json.WriteString("room", room);
            json.WriteStartArray("messages");
            foreach (var message in older.Messages.Skip(skipped))
            {
                json.WriteStartObject();
                WriteMessage(json, message);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteBoolean("more", older.HasMore || skipped > 0);
        });

    public static byte[] Ack(string? reference, string? room, MessagePosition? position) =>
        Frame((reference, room, position), static (json, ack) =>
        {
            Begin(json, "ack");
            WriteIfAny(json, "ref", ack.reference);
            WriteIfAny(json, "room", ack.room);
            WriteIfAny(json, "position", ack.position?.ToString());
        });

    /// <param name="reference">The ref of the message that is answered; null if it has none.</param>
    /// <param name="code">One of <see cref="V1Error"/>.</param>
    /// <param name="text">What is wrong and how to fix it, for people.</param>
    /// <param name="retry">How long the client waits before it reconnects; null if it doesn't have to reconnect.</param>
    public static byte[] Error(string? reference, string code, string text, TimeSpan? retry = null) =>
        Frame((reference, code, text, retry), static (json, error) =>
        {
            Begin(json, "error");
            WriteIfAny(json, "ref", error.reference);
            json.WriteString("code", error.code);
            json.WriteString("text", error.text);
            if (error.retry is { } retry)
                WriteRetry(json, retry);
        });

    /// <param name="retry">How long the client waits before it reconnects.</param>
    public static byte[] Restart(TimeSpan retry) =>
        Frame(retry, static (json, retry) =>
        {
            Begin(json, "restart");
            WriteRetry(json, retry);
        });

    private static void WriteRetry(Utf8JsonWriter json, TimeSpan retry) => json.WriteNumber("retry", Math.Round(retry.TotalSeconds, 3));

    private static void Begin(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
    }

    private static void WriteIfAny(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static void WriteMessage(Utf8JsonWriter json, ChatMessage message)
    {
        WriteIfAny(json, "position", message.Position?.ToString());
        WriteIfAny(json, "from", message.From);
        json.WriteString("at", message.At.UtcDateTime);
        if (message is { IsDeleted: false, ChangedAt: { } changed })
            json.WriteString("edited", changed.UtcDateTime);
        WritePayload(json, message);
    }

    private static void WritePayload(Utf8JsonWriter json, ChatMessage message)
    {
        if (message.IsDeleted)
            json.WriteBoolean("deleted", true);
        else
            WriteData(json, message.Type, message.Data, message.IsJson);
    }

    private static void WriteData(Utf8JsonWriter json, WebSocketMessageType type, ReadOnlyMemory<byte> data, bool isJson)
    {
        // A history or a backplane of the application can return anything.
        if (isJson && JsonPayload.IsValid(data.Span))
        {
            json.WritePropertyName("json");
            json.WriteRawValue(data.Span, skipInputValidation: true);
            return;
        }

        if (type == WebSocketMessageType.Text)
            json.WriteString("data", data.Span);
        else
            json.WriteBase64String("base64", data.Span);
    }

    private static byte[] Frame<T>(T value, Action<Utf8JsonWriter, T> write)
    {
        var buffer = _buffer ??= new V1FrameBuffer();
        try
        {
            write(buffer.Json, value);
            buffer.Json.WriteEndObject();
            buffer.Json.Flush();
            return WebSocketFrame.Create(WebSocketMessageType.Text, buffer.Bytes.WrittenSpan, out _);
        }
        finally
        {
            buffer.Reset();
        }
    }
}

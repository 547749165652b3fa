using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using System.Text.Encodings.Web;
using System.Text.Json;
using ChatKit.Rooms.Events;
using ChatKit.WebSockets;

namespace ChatKit.ChatKitV1;

/// <summary>Writes the frames of <see cref="ChatKitSubprotocol.V1"/>. Each frame is a JSON object in one text frame.</summary>
internal static class V1Frames
{
    /// <summary>Letters of all scripts are written unescaped. This is safe because ChatKit never inserts frames into HTML.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static Buffer? _buffer;

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
            WriteIfAny(json, "position", it.message.Position?.ToString());
            WriteIfAny(json, "from", it.message.From);
            WritePayload(json, it.message.At, it.message.Type, it.message.Data);
        });

    /// <summary>A message that a handler sends to its own client.</summary>
    public static byte[] Direct(WebSocketMessageType type, ReadOnlyMemory<byte> data, DateTimeOffset at) =>
        Frame((type, data, at), static (json, it) =>
        {
            Begin(json, "message");
            WritePayload(json, it.at, it.type, it.data);
        });

    /// <summary>A notification that the message at a position isn't for the client, which would otherwise report it as missing.</summary>
    public static byte[] Skip(string room, MessagePosition position) =>
        Frame((room, position), static (json, it) =>
        {
            Begin(json, "skip");
            json.WriteString("room", it.room);
            json.WriteString("position", it.position.ToString());
        });

    public static byte[] Gap(string room, MessageGap gap) =>
        Frame((room, gap), static (json, it) =>
        {
            Begin(json, "gap");
            json.WriteString("room", it.room);
            json.WriteString("after", it.gap.After.ToString());
            WriteIfAny(json, "next", it.gap.Next?.ToString());
            if (it.gap.Missed is { } missed)
                json.WriteNumber("missed", missed);
            else
                json.WriteBoolean("reset", true);
        });

    public static byte[] Presence(string room, PresenceEvent presence) =>
        Frame((room, presence), static (json, it) =>
        {
            Begin(json, "presence");
            json.WriteString("room", it.room);
            if (it.presence.Change == PresenceChange.Count)
                json.WriteNumber("count", it.presence.Count);
            else
                WriteMembers(json, it.presence);
        });

    /// <param name="room">The room that the client was taken out of.</param>
    /// <param name="reason">The reason; null for none.</param>
    public static byte[] Left(string room, string? reason) =>
        Frame((room, reason), static (json, left) =>
        {
            Begin(json, "left");
            json.WriteString("room", left.room);
            WriteIfAny(json, "reason", left.reason);
        });

    public static byte[] Signal(string room, SignalEvent signal) =>
        Frame((room, signal), static (json, it) =>
        {
            Begin(json, "signal");
            json.WriteString("room", it.room);
            WriteIfAny(json, "from", it.signal.From);
            json.WriteString("name", it.signal.Name);
            WriteIfAny(json, "data", it.signal.Data);
        });

    /// <summary>An event of a room; empty if it is not for clients.</summary>
    public static byte[] Event(string room, RoomEvent roomEvent) => roomEvent switch
    {
        MessageGap gap => Gap(room, gap),
        PresenceEvent presence => Presence(room, presence),
        SignalEvent signal => Signal(room, signal),
        _ => [],
    };

    public static byte[] Live(string room, MessagePosition position, bool recovered) =>
        Frame((room, position, recovered), static (json, live) =>
        {
            Begin(json, "live");
            json.WriteString("room", live.room);
            json.WriteString("position", live.position.ToString());
            json.WriteBoolean("recovered", live.recovered);
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

    private static void WriteMembers(Utf8JsonWriter json, PresenceEvent presence)
    {
        json.WriteStartArray(presence.Change switch
        {
            PresenceChange.Joined => "joined",
            PresenceChange.Left => "left",
            PresenceChange.Changed => "changed",
            _ => "here",
        });
        foreach (var member in presence.Members)
            json.WriteStringValue(member);
        json.WriteEndArray();
        if (presence.Data is null)
            return;
        json.WriteStartObject("members");
        foreach (var (member, data) in presence.Data)
        {
            json.WritePropertyName(member);
            json.WriteRawValue(data, skipInputValidation: true);
        }

        json.WriteEndObject();
    }

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

    private static void WritePayload(Utf8JsonWriter json, DateTimeOffset at, WebSocketMessageType type, ReadOnlyMemory<byte> data)
    {
        json.WriteString("at", at.UtcDateTime);
        if (type == WebSocketMessageType.Text)
            json.WriteString("data", data.Span);
        else
            json.WriteBase64String("base64", data.Span);
    }

    private static byte[] Frame<T>(T value, Action<Utf8JsonWriter, T> write)
    {
        var buffer = _buffer ??= new Buffer();
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

    /// <summary>The encoding buffer of a thread. Frames are encoded one at a time, so one buffer per thread is enough.</summary>
    [SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Lives as long as its thread.")]
    private sealed class Buffer
    {
        /// <summary>A larger buffer isn't kept, because few messages are that long and there are many threads.</summary>
        private const int MaxKept = 64 * 1024;

        public Buffer()
        {
            Json = new Utf8JsonWriter(Bytes, Options);
        }

        public ArrayBufferWriter<byte> Bytes { get; private set; } = new(512);

        public Utf8JsonWriter Json { get; }

        public void Reset()
        {
            if (Bytes.Capacity > MaxKept)
                Bytes = new ArrayBufferWriter<byte>(512);
            else
                Bytes.ResetWrittenCount();
            Json.Reset(Bytes);
        }
    }
}

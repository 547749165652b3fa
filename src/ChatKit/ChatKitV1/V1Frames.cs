using System.Net.WebSockets;
using System.Text.Json;
using ChatKit.Rooms.Events;
using ChatKit.WebSockets;

namespace ChatKit.ChatKitV1;

/// <summary>Writes the frames of <see cref="ChatKitSubprotocol.V1"/>. Each frame is a JSON object in one text frame.</summary>
internal static class V1Frames
{
    [ThreadStatic]
    private static V1FrameBuffer? _buffer;

    public static ReadOnlyMemory<byte> Ping { get; } = Frame(0, static (json, _) => Begin(json, "ping"));

    /// <param name="connection">The id of the connection.</param>
    /// <param name="room">The home room.</param>
    /// <param name="user">The id of the user; null for an anonymous client.</param>
    /// <param name="ping">The time within which the server sends something.</param>
    /// <param name="limit">The maximum size of a client's frame, in bytes.</param>
    /// <param name="rooms">The maximum number of rooms.</param>
    /// <param name="token">With what the client proves that a post belongs to the connection; null for none.</param>
    /// <param name="expires">The time until the client's credentials expire; null if they don't.</param>
    public static byte[] Welcome(
        string connection, string room, string? user, TimeSpan ping, int limit, int rooms, string? token = null, TimeSpan? expires = null) =>
        Frame((connection, room, user, ping, limit, rooms, token, expires), static (json, welcome) =>
        {
            Begin(json, "welcome");
            json.WriteString("connection", welcome.connection);
            json.WriteString("room", welcome.room);
            V1Content.WriteIfAny(json, "user", welcome.user);
            json.WriteNumber("ping", welcome.ping == Timeout.InfiniteTimeSpan ? 0 : welcome.ping.TotalSeconds);
            json.WriteNumber("limit", welcome.limit);
            json.WriteNumber("rooms", welcome.rooms);
            if (welcome.expires is { } expires)
                json.WriteNumber("expires", Math.Max(0, (long)expires.TotalSeconds));
            V1Content.WriteIfAny(json, "token", welcome.token);
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
            V1Content.WriteMessage(json, it.message);
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
            V1Content.WriteIfAny(json, "by", it.message.ChangedBy);
            V1Content.WritePayload(json, it.message);
        });

    /// <summary>A message that a handler sends to its own client.</summary>
    public static byte[] Direct(WebSocketMessageType type, ReadOnlyMemory<byte> data, DateTimeOffset at, bool isJson = false) =>
        Frame((type, data, at, isJson), static (json, it) =>
        {
            Begin(json, "message");
            json.WriteString("at", it.at.UtcDateTime);
            V1Content.WriteData(json, it.type, it.data, it.isJson);
        });

    /// <summary>A notification that the message at a position isn't for the client, which would otherwise report it as missing.</summary>
    public static byte[] Skip(string room, MessagePosition position) =>
        Frame((room, position), static (json, it) =>
        {
            Begin(json, "skip");
            json.WriteString("room", it.room);
            V1Content.WritePosition(json, it.position);
        });

    public static byte[] Gap(string room, MessageGap gap) =>
        Frame((room, gap), static (json, it) =>
        {
            Begin(json, "gap");
            json.WriteString("room", it.room);
            json.WriteString("after", TextOf(it.gap.After));
            V1Content.WriteIfAny(json, "next", it.gap.Next?.ToString());
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
            V1Content.WriteIfAny(json, "reason", left.reason);
        });

    public static byte[] Signal(string room, SignalEvent signal) =>
        Frame((room, signal), static (json, it) =>
        {
            Begin(json, "signal");
            json.WriteString("room", it.room);
            V1Content.WriteIfAny(json, "from", it.signal.From);
            json.WriteString("name", it.signal.Name);
            V1Content.WriteIfAny(json, "data", it.signal.Data);
        });

    /// <summary>An event of a room; empty if it is not for clients.</summary>
    public static byte[] Event(string room, RoomEvent roomEvent) => roomEvent switch
    {
        MessageGap gap => Gap(room, gap),
        PresenceEvent presence => Presence(room, presence),
        ChangeEvent change => Change(room, change.Message),
        SignalEvent signal => Signal(room, signal),
        _ => [],
    };

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
            json.WriteString("position", TextOf(live.position));
            if (live.revision > 0)
                json.WriteNumber("revision", live.revision);
            json.WriteBoolean("recovered", live.recovered);
            V1Content.WriteIfAny(json, "read", live.read?.ToString());
            if (live.unread is { } unread)
                json.WriteNumber("unread", unread);
        });

    public static byte[] Read(ReadEvent read) =>
        Frame(read, static (json, read) =>
        {
            Begin(json, "read");
            json.WriteString("room", read.Room);
            json.WriteString("user", read.User);
            V1Content.WritePosition(json, read.Position);
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
            V1Content.WriteIfAny(json, "ref", reference);
            json.WriteString("room", room);
            json.WriteStartArray("messages");
            foreach (var message in older.Messages.Skip(skipped))
            {
                json.WriteStartObject();
                V1Content.WriteMessage(json, message);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteBoolean("more", older.HasMore || skipped > 0);
        });

    public static byte[] Ack(string? reference, string? room, MessagePosition? position) =>
        Frame((reference, room, position), static (json, ack) =>
        {
            Begin(json, "ack");
            V1Content.WriteIfAny(json, "ref", ack.reference);
            V1Content.WriteIfAny(json, "room", ack.room);
            if (ack.position is { } position)
                V1Content.WritePosition(json, position);
        });

    /// <param name="reference">The ref of the message that is answered; null if it has none.</param>
    /// <param name="code">One of <see cref="V1Error"/>.</param>
    /// <param name="text">What is wrong and how to fix it, for people.</param>
    /// <param name="retry">How long the client waits before it reconnects; null if it doesn't have to reconnect.</param>
    public static byte[] Error(string? reference, string code, string text, TimeSpan? retry = null) =>
        Frame((reference, code, text, retry), static (json, error) =>
        {
            Begin(json, "error");
            V1Content.WriteIfAny(json, "ref", error.reference);
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

    /// <summary>A position that a reader can have. The one before the first message is the same in all streams.</summary>
    private static string TextOf(MessagePosition position) => (position.Sequence == 0 ? MessagePosition.None : position).ToString();

    private static void WriteRetry(Utf8JsonWriter json, TimeSpan retry) => json.WriteNumber("retry", Math.Round(retry.TotalSeconds, 3));

    private static void Begin(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
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

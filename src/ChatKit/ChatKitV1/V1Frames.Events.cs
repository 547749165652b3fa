using System.Text.Json;
using ChatKit.Rooms.Events;

namespace ChatKit.ChatKitV1;

/// <content>The frames of what a room delivers besides messages.</content>
internal static partial class V1Frames
{
    /// <summary>An event of a room; empty if it is not for clients.</summary>
    public static byte[] Event(string room, RoomEvent roomEvent) => roomEvent switch
    {
        MessageGap gap => Gap(room, gap),
        PresenceEvent presence => Presence(room, presence),
        ChangeEvent change => Change(room, change.Message),
        SignalEvent signal => Signal(room, signal),
        _ => [],
    };

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

    public static byte[] Read(ReadEvent read) =>
        Frame(read, static (json, read) =>
        {
            Begin(json, "read");
            json.WriteString("room", read.Room);
            json.WriteString("user", read.User);
            json.WriteString("position", read.Position.ToString());
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
}

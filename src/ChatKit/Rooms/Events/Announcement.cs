using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using ChatKit.WebSockets;

namespace ChatKit.Rooms.Events;

/// <summary>
/// Encodes and decodes the announcements that a backplane carries between nodes: a keyword and its arguments, in UTF-8, separated by line
/// feeds.
/// </summary>
internal static class Announcement
{
    private const string Joined = "joined";
    private const string Left = "left";
    private const string Described = "described";
    private const string Disconnect = "disconnect";
    private const string Signal = "signal";
    private const string Read = "read";

    /// <summary>Separates a keyword from its arguments. A member can contain it, so a member is always the last argument.</summary>
    private const char Separator = '\n';

    public static byte[] Encode(RoomEvent roomEvent) => Encoding.UTF8.GetBytes(roomEvent switch
    {
        PresenceEvent { Change: PresenceChange.Joined, Members: [var member], Data: { } data } =>
            $"{Described}{Separator}{data[member]}{Separator}{member}",
        PresenceEvent { Change: PresenceChange.Joined, Members: [var member] } => $"{Joined}{Separator}{member}",
        PresenceEvent { Change: PresenceChange.Left, Members: [var member] } => $"{Left}{Separator}{member}",
        DisconnectEvent { Status: var status, Reason: null } => $"{Disconnect}{Separator}{(int)status}",
        DisconnectEvent { Status: var status, Reason: var reason } => $"{Disconnect}{Separator}{(int)status}{Separator}{reason}",
        UserCommand command => command.ToText(),
        SignalEvent signal => $"{Signal}{Separator}{JsonSerializer.Serialize(signal, SignalEventContext.Default.SignalEvent)}",
        ReadEvent { Position: var to } read =>
            string.Create(CultureInfo.InvariantCulture, $"{Read}\n{read.Room}\n{to.Sequence}\n{to.Epoch.Length}\n{to.Epoch}{read.User}"),
        _ => throw new ArgumentException($"{roomEvent} is not sent to other nodes.", nameof(roomEvent)),
    });

    /// <summary>Decodes an announcement. Returns null if it isn't one, or if a later version sent it.</summary>
    public static RoomEvent? Decode(ReadOnlySpan<byte> bytes)
    {
        var parts = Encoding.UTF8.GetString(bytes).Split(Separator, 2);
        return (parts[0], parts.ElementAtOrDefault(1)) switch
        {
            (Joined, { } member) => new PresenceEvent(PresenceChange.Joined, [member]),
            (Described, { } member) => DecodeDescribed(member.Split(Separator, 2)),
            (Left, { } member) => new PresenceEvent(PresenceChange.Left, [member]),
            (Disconnect, { } close) => DecodeDisconnect(close.Split(Separator, 2)),
            (Signal, { } signal) => DecodeSignal(signal),
            (Read, { } read) => DecodeRead(read.Split(Separator, 4)),
            var (keyword, arguments) => UserCommand.Parse(keyword, arguments),
        };
    }

    /// <summary>The room's name contains no separator. The epoch may, if the application's own history has created it.</summary>
    private static ReadEvent? DecodeRead(string[] parts) =>
        parts is [var room, var sequence, var epochLength, var rest]
        && long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && int.TryParse(epochLength, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
        && length <= rest.Length
            ? new ReadEvent(room, rest[length..], new MessagePosition(rest[..length], number))
            : null;

    /// <summary>Decodes a member with data. The data comes first, because a member can contain the separator, and JSON on one line cannot.</summary>
    private static PresenceEvent? DecodeDescribed(string[] parts)
    {
        try
        {
            if (parts is not [var data, var member])
                return null;
            using var json = JsonDocument.Parse(data);
            return new PresenceEvent(PresenceChange.Joined, [member], new Dictionary<string, string> { [member] = data });
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static DisconnectEvent? DecodeDisconnect(string[] parts) =>
        parts[0] is { Length: 4 } code
        && code.All(char.IsAsciiDigit)
        && (WebSocketCloseStatus)int.Parse(code, CultureInfo.InvariantCulture) is var status
        && WebSocketFrame.MaySend(status)
            ? new DisconnectEvent(status, parts.ElementAtOrDefault(1))
            : null;

    private static SignalEvent? DecodeSignal(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, SignalEventContext.Default.SignalEvent) is { } signal
                && SignalEvent.ProblemOfName(signal.Name) is null
                && SignalEvent.ProblemOfData(signal.Data) is null
                ? signal
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

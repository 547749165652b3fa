using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using ChatKit.WebSockets;

namespace ChatKit.Rooms.Events;

/// <summary>
/// What nodes announce to each other, as a backplane carries it: a word, and what belongs to it, in UTF-8 and separated by line feeds.
/// </summary>
internal static class Announcement
{
    private const string Joined = "joined";
    private const string Left = "left";
    private const string Disconnect = "disconnect";

    /// <summary>Separates a word from what follows. A member may contain it, so nothing comes after one.</summary>
    private const char Separator = '\n';

    public static byte[] Encode(RoomEvent notice) => Encoding.UTF8.GetBytes(notice switch
    {
        PresenceEvent { Change: PresenceChange.Joined, Members: [var member] } => $"{Joined}{Separator}{member}",
        PresenceEvent { Change: PresenceChange.Left, Members: [var member] } => $"{Left}{Separator}{member}",
        DisconnectEvent { Status: var status, Reason: null } => $"{Disconnect}{Separator}{(int)status}",
        DisconnectEvent { Status: var status, Reason: var reason } => $"{Disconnect}{Separator}{(int)status}{Separator}{reason}",
        _ => throw new ArgumentException($"{notice} stays on its own node.", nameof(notice)),
    });

    /// <summary>Reads an announcement. Null if it is none, or one of a later version.</summary>
    public static RoomEvent? Decode(ReadOnlySpan<byte> bytes)
    {
        var parts = Encoding.UTF8.GetString(bytes).Split(Separator, 2);
        return (parts[0], parts.ElementAtOrDefault(1)) switch
        {
            (Joined, { } member) => new PresenceEvent(PresenceChange.Joined, [member]),
            (Left, { } member) => new PresenceEvent(PresenceChange.Left, [member]),
            (Disconnect, { } close) => DecodeDisconnect(close.Split(Separator, 2)),
            _ => null,
        };
    }

    private static DisconnectEvent? DecodeDisconnect(string[] parts) =>
        parts[0] is { Length: 4 } code
        && code.All(char.IsAsciiDigit)
        && (WebSocketCloseStatus)int.Parse(code, CultureInfo.InvariantCulture) is var status
        && WebSocketFrame.MaySend(status)
            ? new DisconnectEvent(status, parts.ElementAtOrDefault(1))
            : null;
}

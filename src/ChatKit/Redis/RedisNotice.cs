using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using ChatKit.Protocol;
using ChatKit.Wire;

namespace ChatKit.Redis;

/// <summary>
/// What nodes announce to each other in place of messages, as it stands in an entry: a word, and what belongs to it, in UTF-8 and
/// parted by line feeds.
/// </summary>
internal static class RedisNotice
{
    private const string Joined = "joined";
    private const string Left = "left";
    private const string Disconnect = "disconnect";

    /// <summary>Parts a word from what follows. A member may contain it, so nothing comes behind one.</summary>
    private const char Separator = '\n';

    public static byte[] Encode(RoomNotice notice) => Encoding.UTF8.GetBytes(notice switch
    {
        PresenceNotice { Change: PresenceChange.Joined, Members: [var member] } => $"{Joined}{Separator}{member}",
        PresenceNotice { Change: PresenceChange.Left, Members: [var member] } => $"{Left}{Separator}{member}",
        DisconnectNotice { Status: var status, Reason: null } => $"{Disconnect}{Separator}{(int)status}",
        DisconnectNotice { Status: var status, Reason: var reason } => $"{Disconnect}{Separator}{(int)status}{Separator}{reason}",
        _ => throw new ArgumentException($"{notice} is told on its own node only.", nameof(notice)),
    });

    /// <exception cref="InvalidDataException">The bytes are not a notice, or one of a later version.</exception>
    public static RoomNotice Decode(ReadOnlySpan<byte> bytes)
    {
        var parts = Encoding.UTF8.GetString(bytes).Split(Separator, 2);
        return (parts[0], parts.ElementAtOrDefault(1)) switch
        {
            (Joined, { } member) => new PresenceNotice(PresenceChange.Joined, [member]),
            (Left, { } member) => new PresenceNotice(PresenceChange.Left, [member]),
            (Disconnect, { } close) => DecodeDisconnect(close.Split(Separator, 2)),
            _ => throw new InvalidDataException("It is no notice of this version."),
        };
    }

    private static DisconnectNotice DecodeDisconnect(string[] parts) =>
        parts[0] is { Length: 4 } code
        && code.All(char.IsAsciiDigit)
        && (WebSocketCloseStatus)int.Parse(code, CultureInfo.InvariantCulture) is var status
        && WebSocketFrame.MaySend(status)
            ? new DisconnectNotice(status, parts.ElementAtOrDefault(1))
            : throw new InvalidDataException("It disconnects with no close code.");
}

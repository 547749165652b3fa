using System.Net.WebSockets;
using System.Text;
using ChatKit.ChatKitV1;
using ChatKit.Rooms.Events;

namespace ChatKit.Tests.ChatKitV1;

public class AnnouncementTests
{
    [Theory]
    [InlineData("anna")]
    [InlineData("a\nb")]
    [InlineData("")]
    public void A_presence_event_survives_encoding_and_decoding(string member)
    {
        foreach (var change in new[] { PresenceChange.Joined, PresenceChange.Left })
        {
            var notice = Assert.IsType<PresenceEvent>(RoundTrip(new PresenceEvent(change, [member])));
            Assert.Equal((change, member), (notice.Change, Assert.Single(notice.Members)));
        }
    }

    [Theory]
    [InlineData(1008, null)]
    [InlineData(4999, "why\nnot")]
    [InlineData(1000, "")]
    public void A_disconnect_event_survives_encoding_and_decoding(int status, string? reason)
    {
        var notice = new DisconnectEvent((WebSocketCloseStatus)status, reason);
        Assert.Equal(notice, RoundTrip(notice));
    }

    [Theory]
    [InlineData("anna", "5k2j9")]
    [InlineData("a\nb", "e\n1")]
    [InlineData("7", "")]
    public void A_read_event_survives_encoding_and_decoding(string user, string epoch)
    {
        var notice = new ReadEvent("lobby", user, new MessagePosition(epoch, 42));
        Assert.Equal(notice, RoundTrip(notice));
    }

    [Theory]
    [InlineData("typing", null, null, null)]
    [InlineData("a\nb", "{\"x\":\n1}", "ann\na", "c")]
    [InlineData("12345678901234567890123456789012", "\u20ac\0", "", "")]
    public void A_signal_survives_encoding_and_decoding(string name, string? data, string? from, string? connection)
    {
        var signal = new SignalEvent(name, data, from, connection);
        Assert.Equal(signal, RoundTrip(signal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("signal\n")]
    [InlineData("signal\nnull")]
    [InlineData("signal\n{}")]
    [InlineData("signal\n{\"Name\":\"\"}")]
    [InlineData("signal\n{\"Name\":7}")]
    [InlineData("joined")]
    [InlineData("hello\nanna")]
    [InlineData("disconnect\n")]
    [InlineData("disconnect\nx")]
    [InlineData("disconnect\n-1")]
    [InlineData("disconnect\n1000\0")]
    [InlineData("disconnect\n+100")]
    [InlineData("disconnect\n1005")]
    [InlineData("disconnect\n0007")]
    [InlineData("read\nlobby")]
    [InlineData("read\nlobby\n1\n9\nshort")]
    [InlineData("read\nlobby\n-1\n0\nanna")]
    [InlineData("read\nlobby\n1\n-1\nanna")]
    public void A_malformed_announcement_is_rejected(string bytes) =>
        Assert.Null(Announcement.Decode(Encoding.UTF8.GetBytes(bytes)));

    private static RoomEvent? RoundTrip(RoomEvent notice) => Announcement.Decode(Announcement.Encode(notice));
}

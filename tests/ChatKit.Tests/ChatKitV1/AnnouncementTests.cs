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
    [InlineData("a\nb", """{"name":"Anna"}""")]
    [InlineData("", "null")]
    public void A_presence_event_with_data_survives_encoding_and_decoding(string member, string data)
    {
        var joined = new PresenceEvent(PresenceChange.Joined, [member], new Dictionary<string, string> { [member] = data });
        var notice = Assert.IsType<PresenceEvent>(RoundTrip(joined));
        Assert.Equal((member, data), (Assert.Single(notice.Members), Assert.Single(notice.Data!).Value));
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

    [Fact]
    public void Commands_to_a_user_survive_encoding_and_decoding()
    {
        UserCommand[] commands =
        [
            new UserCommand.Join("team 7"),
            new UserCommand.Leave("team", null),
            new UserCommand.Leave("team", "", new MessagePosition("e", 7)),
            new UserCommand.Leave("team", "why\nnot"),
            new UserCommand.List("id", "\u0001answers:x"),
        ];
        Assert.All(commands, static command => Assert.Equal(command, RoundTrip(command)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(100)]
    public void The_rooms_of_a_user_are_announced_in_parts(int count)
    {
        var rooms = Enumerable.Range(0, count).Select(static i => $"room {i}").ToList();
        var parts = RoomsAnswer.Encode("id", rooms).Select(static part => RoomsAnswer.Decode(part)!).ToList();

        Assert.Equal(rooms, parts.SelectMany(static part => part.Rooms));
        Assert.All(parts, static part => Assert.Equal("id", part.Id));
        Assert.Equal(parts.Count - 1, parts.FindIndex(static part => part.IsLast));
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
    [InlineData("anna", "5k2j9")]
    [InlineData("a\nb", "e\n1")]
    [InlineData("7", "")]
    public void A_read_event_survives_encoding_and_decoding(string user, string epoch)
    {
        var notice = new ReadEvent("lobby", user, new MessagePosition(epoch, 42));
        Assert.Equal(notice, RoundTrip(notice));
    }

    [Theory]
    [InlineData("")]
    [InlineData("described\n1")]
    [InlineData("described\n{\nanna")]
    [InlineData("signal\n")]
    [InlineData("join")]
    [InlineData("join\n")]
    [InlineData("join\na\nb")]
    [InlineData("join\na\u0001b")]
    [InlineData("leave\nroom")]
    [InlineData("leave\n\n")]
    [InlineData("leave\nroom\nposition")]
    [InlineData("list\nid")]
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

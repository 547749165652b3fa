using System.Net.WebSockets;
using System.Text;
using ChatKit.ChatKitV1;
using ChatKit.Rooms;
using ChatKit.Rooms.Events;
using ChatKit.Tests.Fixtures;
using ChatKit.WebSockets;

namespace ChatKit.Tests.ChatKitV1;

public class V1FramesTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 22, 19, 0, 0, 123, TimeSpan.FromHours(1));
    private static readonly MessagePosition Position = new("5k2j9", 42);

    [Fact]
    public void The_largest_allowed_message_fits_into_a_frame_and_a_larger_one_is_rejected()
    {
        var message = Outgoing.Binary(new byte[MessageSize.Max], default);
        Assert.InRange(new RoomItem(message).Frame("lobby", WireFormat.V1).Length, MessageSize.Max / 3 * 4, (MessageSize.Max / 3 * 4) + 200);

        Assert.Contains("67108865", Assert.Throws<ArgumentException>(static () => Outgoing.Binary(new byte[MessageSize.Max + 1], default)).Message);
    }

    [Fact]
    public void A_message_has_its_room_position_sender_and_time() => Assert.Equal(
        """{"type":"message","room":"lobby","position":"5k2j9:42","from":"anna","at":"2026-11-22T18:00:00.123Z","data":"hi"}""",
        Json(V1Frames.Message("lobby", Text("hi", Position, from: "anna"))));

    [Fact]
    public void An_ephemeral_message_has_no_position_and_an_anonymous_sender_no_name() => Assert.Equal(
        """{"type":"message","room":"lobby","at":"2026-11-22T18:00:00.123Z","data":"hi"}""",
        Json(V1Frames.Message("lobby", Text("hi"))));

    [Fact]
    public void A_binary_message_is_encoded_as_base64() => Assert.Equal(
        """{"type":"message","room":"lobby","at":"2026-11-22T18:00:00.123Z","base64":"AAH/"}""",
        Json(V1Frames.Message("lobby", new ChatMessage(WebSocketMessageType.Binary, new byte[] { 0, 1, 255 }, At))));

    [Fact]
    public void A_message_in_a_users_own_room_does_not_name_the_room() => Assert.Equal(
        """{"type":"message","at":"2026-11-22T18:00:00.123Z","data":"hi"}""",
        Json(V1Frames.Message(RoomName.OfUser("anna"), Text("hi"))));

    [Fact]
    public void A_message_that_a_handler_sends_to_its_client_has_no_room() => Assert.Equal(
        """{"type":"message","at":"2026-11-22T18:00:00.123Z","data":"hi"}""",
        Json(V1Frames.Direct(WebSocketMessageType.Text, "hi"u8.ToArray(), At)));

    [Fact]
    public void A_text_may_contain_any_character() => Assert.Equal(
        """{"type":"message","at":"2026-11-22T18:00:00.123Z","data":"\"\\\n\u0000<é漢😀"}""".Replace("😀", "\\uD83D\\uDE00", StringComparison.Ordinal),
        Json(V1Frames.Direct(WebSocketMessageType.Text, Encoding.UTF8.GetBytes("\"\\\n\0<é漢😀"), At)).Replace("😀", "\\uD83D\\uDE00", StringComparison.Ordinal));

    [Fact]
    public void A_gap_frame_says_how_many_messages_are_missing_and_where() => Assert.Equal(
        """{"type":"gap","room":"lobby","after":"5k2j9:42","next":"5k2j9:300","missed":257}""",
        Json(V1Frames.Gap("lobby", new MessageGap(Position, Position with { Sequence = 300 }, 257))));

    [Fact]
    public void A_lost_stream_is_a_gap_of_unknown_size() => Assert.Equal(
        """{"type":"gap","room":"lobby","after":"5k2j9:42","reset":true}""",
        Json(V1Frames.Gap("lobby", new MessageGap(Position, null, null))));

    [Fact]
    public void A_message_for_other_clients_is_a_skip_frame_with_only_its_position() => Assert.Equal(
        """{"type":"skip","room":"lobby","position":"5k2j9:42"}""", Json(V1Frames.Skip("lobby", Position)));

    [Fact]
    public void A_live_frame_has_the_position_of_the_client() => Assert.Equal(
        """{"type":"live","room":"lobby","position":"5k2j9:42","recovered":true}""", Json(V1Frames.Live("lobby", Position, true)));

    [Fact]
    public void A_live_frame_of_an_empty_room_has_a_position_to_resume_from() => Assert.Equal(
        """{"type":"live","room":"lobby","position":":0","recovered":false}""", Json(V1Frames.Live("lobby", MessagePosition.None, false)));

    [Fact]
    public void An_ack_has_the_position_if_something_was_stored()
    {
        Assert.Equal("""{"type":"ack","ref":"a-1","room":"lobby","position":"5k2j9:42"}""", Json(V1Frames.Ack("a-1", "lobby", Position)));
        Assert.Equal("""{"type":"ack","ref":"a-1"}""", Json(V1Frames.Ack("a-1", null, null)));
    }

    [Fact]
    public void An_error_has_the_ref_of_the_message_if_it_has_one()
    {
        Assert.Equal("""{"type":"error","ref":"a-1","code":"failed","text":"why"}""", Json(V1Frames.Error("a-1", V1Error.Failed, "why")));
        Assert.Equal("""{"type":"error","code":"failed","text":"why"}""", Json(V1Frames.Error(null, V1Error.Failed, "why")));
    }

    [Fact]
    public void The_welcome_has_connection_room_user_ping_interval_and_size_limit()
    {
        Assert.Equal(
            """{"type":"welcome","connection":"c","room":"lobby","user":"anna","ping":20,"limit":65536,"rooms":128}""",
            Json(V1Frames.Welcome("c", "lobby", "anna", TimeSpan.FromSeconds(20), 65536, 128)));
        Assert.Equal(
            """{"type":"welcome","connection":"c","room":"lobby","ping":20,"limit":1,"rooms":2,"expires":3599,"token":"t"}""",
            Json(V1Frames.Welcome("c", "lobby", null, TimeSpan.FromSeconds(20), 1, 2, "t", TimeSpan.FromSeconds(3599.9))));
        Assert.Equal(
            """{"type":"welcome","connection":"c","room":"lobby","ping":0,"limit":1,"rooms":2}""",
            Json(V1Frames.Welcome("c", "lobby", null, Timeout.InfiniteTimeSpan, 1, 2)));
    }

    [Fact]
    public void A_ping_is_a_text_frame() => Assert.Equal("""{"type":"ping"}""", Json(V1Frames.Ping.ToArray()));

    [Fact]
    public void A_restart_frame_has_the_delay_before_reconnecting_in_seconds() =>
        Assert.Equal("""{"type":"restart","retry":2.417}""", Json(V1Frames.Restart(TimeSpan.FromTicks(24_170_004))));

    [Fact]
    public void The_position_before_the_first_message_has_no_epoch()
    {
        var start = new MessagePosition("e", 0);

        Assert.Contains("\"after\":\":0\"", Encoding.UTF8.GetString(V1Frames.Gap("r", new MessageGap(start, new("e", 3), 2))), StringComparison.Ordinal);
        Assert.Contains("\"position\":\":0\"", Encoding.UTF8.GetString(V1Frames.Live("r", start, recovered: true)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_frame_does_not_corrupt_the_next_one()
    {
        var text = new string('x', 200_000);
        Assert.Contains(text, Json(V1Frames.Error(null, V1Error.Failed, text)), StringComparison.Ordinal);
        Assert.Equal("""{"type":"ack","ref":"a-1"}""", Json(V1Frames.Ack("a-1", null, null)));
    }

    private static string Json(byte[] frame) => Assert.Single(Frame.Parse(frame)).Text;

    private static ChatMessage Text(string text, MessagePosition? position = null, string? from = null) =>
        new(WebSocketMessageType.Text, Encoding.UTF8.GetBytes(text), At) { Position = position, From = from };
}

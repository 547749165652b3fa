using System.Net.WebSockets;
using System.Text;
using ChatKit.ChatKitV1;

namespace ChatKit.Tests.ChatKitV1;

public class V1MessageFrameTests
{
    private static readonly string Long = new('x', 200);

    public static TheoryData<string> Messages =>
    [
        """{"type":"message","data":"hi"}""",
        """ { "type" : "message" , "ref" : "a-1" , "data" : "hi" , "room" : "team" } """,
        """{"type":"message","room":"tëam","data":"é 💬","ref":"💬"}""",
        """{"\u0074ype":"mess\u0061ge","d\u0061ta":"\u0068i \ud83d\udcac \n\"","ref":"\u0061"}""",
        """{"type":"message","data":""}""",
        """{"type":"message","ref":"1234567890123456789012345678901234567890123456789012345678901234","data":"x"}""",
        $$"""{"type":"message","data":"{{Long}}"}""",
        $$"""{"type":"message","data":"x","ref":"a","room":"{{Long}}"}""",
    ];

    public static TheoryData<string> Others =>
    [
        "", "hello", "[]", "null", "{}", "{",
        """{"data":"hi","type":"message"}""",
        """{"type":"message"}""",
        """{"type":"message","data":null}""",
        """{"type":"message","data":5}""",
        """{"type":"message","data":{"a":1}}""",
        """{"type":"message","data":"\ud800"}""",
        """{"type":"message","data":"x"}{}""",
        """{"type":"message","data":"x" """,
        """{"type":"message","data":"x",}""",
        """{"type":"message","data":"x"/**/}""",
        """{"type":"message","data":"x","data":"y"}""",
        """{"type":"message","ref":"x","ref":"y","data":"z"}""",
        """{"type":"message","type":"edit","data":"x"}""",
        """{"type":"message","data":"x","ref":""}""",
        """{"type":"message","data":"x","ref":null}""",
        """{"type":"message","data":"x","ref":"12345678901234567890123456789012345678901234567890123456789012345"}""",
        """{"type":"message","data":"x","room":""}""",
        """{"type":"message","data":"x","more":1}""",
        """{"type":"message","json":[1]}""",
        """{"type":"message","base64":"AAH/"}""",
        """{"type":"messages","data":"x"}""",
        """{"type":"edit","data":"x","position":"e:1"}""",
        """{"type":"pong"}""",
        """{"type":1}""",
    ];

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_with_a_text_is_read_as_any_other_frame_is(string json)
    {
        var received = new WebSocketMessage(json);
        var inbound = V1MessageFrame.TryRead(received).GetValueOrDefault();

        Assert.Null(V1ClientFrame.Read(received, out var frame));
        Assert.Null(V1Request.Read(frame!, received, out var expected));
        Assert.Equal(
            (expected.Ref, expected.Request, expected.Message.Type, expected.Message.Text, expected.Message.Room, expected.Message.IsJson),
            (inbound.Ref, inbound.Request, inbound.Message.Type, inbound.Message.Text, inbound.Message.Room, inbound.Message.IsJson));
    }

    [Theory]
    [MemberData(nameof(Others))]
    public void What_is_unusual_or_wrong_is_left_to_the_reader_of_all_frames(string json) =>
        Assert.Null(V1MessageFrame.TryRead(new WebSocketMessage(json)));

    [Fact]
    public void Bytes_and_texts_that_are_not_UTF8_are_left_to_the_reader_of_all_frames()
    {
        Assert.Null(V1MessageFrame.TryRead(new WebSocketMessage(Encoding.UTF8.GetBytes("""{"type":"message","data":"x"}"""), WebSocketMessageType.Binary)));
        byte[] invalid = [.. "{\"type\":\"message\",\"data\":\""u8, 0xFF, .. new byte[40].Select(static _ => (byte)'x'), .. "\"}"u8];
        Assert.Null(V1MessageFrame.TryRead(new WebSocketMessage(invalid, WebSocketMessageType.Text)));
    }

    [Fact]
    public void A_short_text_does_not_keep_a_long_frame_in_memory()
    {
        var json = $$"""{"type":"message","data":"x","room":"{{Long}}"}""";
        var data = V1MessageFrame.TryRead(new WebSocketMessage(json))!.Value.Message.Data;

        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(data, out var segment));
        Assert.Single(segment.Array!);
    }
}

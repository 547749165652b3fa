using System.Net.WebSockets;
using ChatKit.ChatKitV1;

namespace ChatKit.Tests.ChatKitV1;

public class V1ClientFrameTests
{
    [Fact]
    public void A_text_message_reaches_the_handler_unchanged()
    {
        Assert.Null(Read("""{"ref":"a-1","data":"hi \u00e9","type":"message","more":[1]}""", out var frame));

        Assert.Equal("a-1", frame!.Ref);
        Assert.Equal(WebSocketMessageType.Text, frame.ToMessage().Type);
        Assert.Equal("hi é", frame.ToMessage().Text);
    }

    [Fact]
    public void A_base64_message_reaches_the_handler_as_bytes()
    {
        Assert.Null(Read("""{"type":"message","base64":"AAH/"}""", out var frame));

        Assert.Null(frame!.Ref);
        Assert.Equal(WebSocketMessageType.Binary, frame.ToMessage().Type);
        Assert.Equal([0, 1, 255], frame.ToMessage().Data.ToArray());
    }

    [Theory]
    [InlineData("""{"type":"message","data":""}""")]
    [InlineData("""{"type":"message","base64":""}""")]
    public void A_message_may_be_empty(string json)
    {
        Assert.Null(Read(json, out var frame));
        Assert.Equal(0, frame!.ToMessage().Data.Length);
    }

    [Fact]
    public void A_pong_is_read()
    {
        Assert.Null(Read("""{"type":"pong"}""", out var frame));
        Assert.Equal(V1ClientFrame.PongType, frame!.Type);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"type":"message","data":"x"}{}""")]
    [InlineData("""{"type":"message","data":"x" """)]
    [InlineData("""{"type":1}""")]
    [InlineData("""{"type":"message"}""")]
    [InlineData("""{"type":"message","data":null}""")]
    [InlineData("""{"type":"message","data":5}""")]
    [InlineData("""{"type":"message","data":{"a":1}}""")]
    [InlineData("""{"type":"message","data":"\ud800"}""")]
    [InlineData("""{"type":"message","data":"x","base64":"AAH/"}""")]
    [InlineData("""{"type":"message","base64":"not base64"}""")]
    [InlineData("""{"type":"message","data":"x","ref":""}""")]
    [InlineData("""{"type":"message","data":"x","ref":7}""")]
    [InlineData("""{"type":"message","data":"x","ref":"1234567890123456789012345678901234567890123456789012345678901234+"}""")]
    [InlineData("""{"type":"hello","ref":"\ud800"}""")]
    public void An_error_text_describes_the_problem_and_reveals_no_implementation_details(string json)
    {
        var problem = Read(json, out _);

        Assert.False(string.IsNullOrEmpty(problem));
        foreach (var name in new[] { "ChatKit", "V1", "System", "Json", "Serializ", "Reader", "Exception", "Options", "Convert", "String", "Byte[]" })
            Assert.DoesNotContain(name, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"message","data":5}""", "line 1, near byte 26")]
    [InlineData("{\n\"type\":\"message\",\n\"base64\":\"not base64\"}", "line 3, near byte 21")]
    [InlineData("""{"type":"message" "data":"x"}""", "line 1, near byte 18")]
    public void An_error_text_names_the_line_and_byte(string json, string place) =>
        Assert.Contains(place, Read(json, out _), StringComparison.Ordinal);

    [Fact]
    public void The_ref_of_a_frame_with_a_member_of_the_wrong_type_is_read()
    {
        Assert.NotNull(Read("""{"type":"message","ref":"a-1","data":{"a":1}}""", out var frame));
        Assert.Equal("a-1", frame!.Ref);
    }

    /// <summary>What a later version may send: with members that this one has, and of other types.</summary>
    [Theory]
    [InlineData("""{"type":"hello"}""", null)]
    [InlineData("""{"type":""}""", null)]
    [InlineData("""{"type":"Message","data":"x"}""", null)]
    [InlineData("""{"ref":"s-1","data":{"x":[1,2]},"base64":"not base64","type":"later"}""", "s-1")]
    [InlineData("""{"type":"later","ref":7}""", null)]
    [InlineData("""{"type":"react","data":"\ud800","ref":"e-1"}""", "e-1")]
    public void A_frame_of_an_unknown_type_is_valid_but_unknown(string json, string? reference)
    {
        Assert.Null(Read(json, out var frame));
        Assert.Equal((false, reference), (frame!.IsKnown, frame.Ref));
    }

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    [InlineData(30_000, false)]
    public void A_frame_may_be_nested_at_most_64_levels_deep(int arrays, bool isRead)
    {
        var json = """{"type":"message","data":"x","more":""" + new string('[', arrays) + new string(']', arrays) + "}";

        var problem = Read(json, out _);

        Assert.Equal(isRead, problem is null);
        if (!isRead)
            Assert.Contains("64 levels", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("aGk=", true)]
    [InlineData("aGk", false)]
    [InlineData("_-8=", false)]
    public void Base64_must_use_the_standard_alphabet_and_padding(string base64, bool isRead) =>
        Assert.Equal(isRead, Read($$"""{"type":"message","base64":"{{base64}}"}""", out _) is null);

    [Theory]
    [InlineData(64, true)]
    [InlineData(66, false)]
    public void The_length_of_a_ref_is_counted_in_UTF16_code_units(int units, bool isRead)
    {
        var reference = string.Concat(Enumerable.Repeat("💬", units / 2));
        Assert.Equal(isRead, Read($$"""{"type":"message","data":"x","ref":"{{reference}}"}""", out _) is null);
    }

    [Fact]
    public void A_binary_frame_is_rejected() =>
        Assert.NotNull(V1ClientFrame.Read(new WebSocketMessage("{}"u8.ToArray(), WebSocketMessageType.Binary), out _));

    private static string? Read(string json, out V1ClientFrame? frame) => V1ClientFrame.Read(new WebSocketMessage(json), out frame);
}

using System.Net.WebSockets;
using ChatKit.Wire;

namespace ChatKit.Tests.Wire;

public class V1ClientFrameTests
{
    [Fact]
    public void A_text_is_given_to_the_handler_as_it_is()
    {
        Assert.Null(Read("""{"ref":"a-1","data":"hi \u00e9","type":"message","more":[1]}""", out var frame));

        Assert.Equal("a-1", frame!.Ref);
        Assert.Equal(WebSocketMessageType.Text, frame.ToMessage().Type);
        Assert.Equal("hi é", frame.ToMessage().Text);
    }

    [Fact]
    public void Bytes_are_given_to_the_handler_as_bytes()
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
    [InlineData("""{"type":"hello"}""")]
    [InlineData("""{"type":"Message","data":"x"}""")]
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
    public void What_is_wrong_is_said(string json) => Assert.False(string.IsNullOrEmpty(Read(json, out _)));

    [Fact]
    public void A_frame_nested_deeply_is_refused()
    {
        var json = """{"type":"message","data":"x","more":""" + string.Concat(Enumerable.Repeat("[", 30_000));
        Assert.NotNull(Read(json, out _));
    }

    [Fact]
    public void A_binary_frame_is_not_read() =>
        Assert.NotNull(V1ClientFrame.Read(new WebSocketMessage("{}"u8.ToArray(), WebSocketMessageType.Binary), out _));

    private static string? Read(string json, out V1ClientFrame? frame) => V1ClientFrame.Read(new WebSocketMessage(json), out frame);
}

using System.Net.WebSockets;
using System.Text.Json.Serialization;

namespace ChatKit.Tests;

public partial class WebSocketMessageTests
{
    [Fact]
    public void A_text_message_is_encoded_as_utf8()
    {
        var message = new WebSocketMessage("é");

        Assert.Equal((WebSocketMessageType.Text, "é"), (message.Type, message.Text));
        Assert.Equal([0xC3, 0xA9], message.Data.ToArray());
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_read_as_replacement_characters() =>
        Assert.Equal("\ufffd", new WebSocketMessage(new byte[] { 0xFF }, WebSocketMessageType.Binary).Text);

    [Fact]
    public void Json_is_read()
    {
        Assert.True(new WebSocketMessage("""{"X":1}""").TryReadJson(Json.Default.Point, out var point));
        Assert.Equal(new Point(1), point);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"X":"no number"}""")]
    [InlineData("""{"X":1} and more""")]
    public void TryReadJson_returns_false_for_a_message_that_does_not_match(string text)
    {
        Assert.False(new WebSocketMessage(text).TryReadJson(Json.Default.Point, out var point));
        Assert.Null(point);
    }

    internal sealed record Point(int X);

    [JsonSerializable(typeof(Point))]
    private sealed partial class Json : JsonSerializerContext;

    [Fact]
    public void TryReadJson_returns_false_for_a_missing_type_discriminator() =>
        Assert.False(new WebSocketMessage("{}").TryReadJson(ShapeContext.Default.Shape, out _));
}

[System.Text.Json.Serialization.JsonPolymorphic]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Circle), "circle")]
internal abstract record Shape;

internal sealed record Circle : Shape;

[System.Text.Json.Serialization.JsonSerializable(typeof(Shape))]
internal sealed partial class ShapeContext : System.Text.Json.Serialization.JsonSerializerContext;

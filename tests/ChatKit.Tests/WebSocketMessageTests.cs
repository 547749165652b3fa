using System.Net.WebSockets;
using System.Text.Json.Serialization;

namespace ChatKit.Tests;

public partial class WebSocketMessageTests
{
    [Fact]
    public void A_text_is_utf8()
    {
        var message = new WebSocketMessage("é");

        Assert.Equal((WebSocketMessageType.Text, "é"), (message.Type, message.Text));
        Assert.Equal([0xC3, 0xA9], message.Data.ToArray());
    }

    [Fact]
    public void Bytes_that_are_no_text_read_as_replacement_characters() =>
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
    public void What_does_not_fit_is_an_answer_and_no_exception(string text)
    {
        Assert.False(new WebSocketMessage(text).TryReadJson(Json.Default.Point, out var point));
        Assert.Null(point);
    }

    internal sealed record Point(int X);

    [JsonSerializable(typeof(Point))]
    private sealed partial class Json : JsonSerializerContext;

    [Fact]
    public void A_missing_type_discriminator_is_an_answer_too() =>
        Assert.False(new WebSocketMessage("{}").TryReadJson(ShapeContext.Default.Shape, out _));
}

[System.Text.Json.Serialization.JsonPolymorphic]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Circle), "circle")]
internal abstract record Shape;

internal sealed record Circle : Shape;

[System.Text.Json.Serialization.JsonSerializable(typeof(Shape))]
internal sealed partial class ShapeContext : System.Text.Json.Serialization.JsonSerializerContext;

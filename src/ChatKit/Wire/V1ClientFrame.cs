using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatKit.Wire;

/// <summary>A frame that a client of <see cref="ChatKitSubprotocol.V1"/> has sent.</summary>
internal sealed record V1ClientFrame(string? Type, string? Ref, string? Data, byte[]? Base64)
{
    public const string MessageType = "message";
    public const string PongType = "pong";
    public const string ResumeType = "resume";

    private const int MaxRefLength = 64;

    /// <summary>Reads a frame.</summary>
    /// <param name="received">What has come.</param>
    /// <param name="frame">The frame; null if it cannot be read.</param>
    /// <returns>What is wrong, for people; null if nothing is.</returns>
    public static string? Read(WebSocketMessage received, out V1ClientFrame? frame)
    {
        frame = null;
        if (received.Type != WebSocketMessageType.Text)
            return "A frame is JSON text; send bytes as 'base64'.";

        try
        {
            frame = JsonSerializer.Deserialize(received.Data.Span, V1ClientFrameContext.Default.V1ClientFrame);
        }
        catch (JsonException e)
        {
            return $"The frame cannot be read: {e.Message}";
        }

        return frame is null ? "A frame is a JSON object." : frame.Problem();
    }

    /// <summary>What the handler is given.</summary>
    public WebSocketMessage ToMessage() =>
        Data is { } text ? new WebSocketMessage(text) : new WebSocketMessage(Base64, WebSocketMessageType.Binary);

    private string? Problem() => Type switch
    {
        PongType or ResumeType => null,
        MessageType when Ref is { Length: 0 or > MaxRefLength } => $"A 'ref' has 1 to {MaxRefLength} characters.",
        MessageType when Data is null == Base64 is null => "A message has either 'data', a string, or 'base64'.",
        MessageType => null,
        null => "The frame has no 'type'.",
        _ => $"A client sends frames of type '{MessageType}', '{ResumeType}' and '{PongType}'.",
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(V1ClientFrame))]
internal sealed partial class V1ClientFrameContext : JsonSerializerContext;

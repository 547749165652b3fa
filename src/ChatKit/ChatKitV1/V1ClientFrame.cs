using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatKit.ChatKitV1;

/// <summary>A frame that a client of <see cref="ChatKitSubprotocol.V1"/> has sent.</summary>
internal sealed record V1ClientFrame(string? Type, string? Ref, string? Data, byte[]? Base64)
{
    public const string MessageType = "message";
    public const string PongType = "pong";
    public const string ResumeType = "resume";

    private const int MaxRefLength = 64;

    /// <summary>As deep as the platform reads unless told otherwise.</summary>
    private const int MaxDepth = 64;

    /// <summary>Whether the frame is one that this version knows. If it is not, nothing but its type and its ref was read.</summary>
    public bool IsKnown => Type is MessageType or ResumeType or PongType;

    /// <summary>Reads a frame.</summary>
    /// <param name="received">What has come.</param>
    /// <param name="frame">The frame; null if it cannot be read at all.</param>
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
            // What the exception says names types of this assembly, and options of the reader.
            frame = ReadHead(received.Data);
            if (frame is { Type: not null, IsKnown: false })
                return null;
            var at = $"see line {e.LineNumber + 1}, near byte {e.BytePositionInLine}";
            return frame is null
                ? $"A frame is a JSON object (RFC 8259), nested at most {MaxDepth} levels deep; {at}."
                : $"A member of the frame is not of its type; {at}.";
        }

        return frame is null ? "A frame is a JSON object." : frame.Problem();
    }

    /// <summary>Reads of a frame whose members are not those of this version what every version has; null if it is no object.</summary>
    private static V1ClientFrame? ReadHead(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new V1ClientFrame(Text(document.RootElement, "type"), Text(document.RootElement, "ref"), null, null)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No JSON, or a string that is not Unicode.
            return null;
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

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
        _ => null,
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(V1ClientFrame))]
internal sealed partial class V1ClientFrameContext : JsonSerializerContext;

using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatKit.ChatKitV1;

/// <summary>A frame from a client that speaks <see cref="ChatKitSubprotocol.V1"/>.</summary>
internal sealed record V1ClientFrame(
    string? Type,
    string? Ref,
    string? Data = null,
    byte[]? Base64 = null,
    [property: JsonConverter(typeof(RawJsonConverter))] byte[]? Json = null,
    string? Room = null,
    string? Position = null)
{
    public const string DeleteType = "delete";
    public const string EditType = "edit";
    public const string HistoryType = "history";
    public const string JoinType = "join";
    public const string LeaveType = "leave";
    public const string MessageType = "message";
    public const string PongType = "pong";
    public const string ReadType = "read";
    public const string ResumeType = "resume";
    public const string SignalType = "signal";

    /// <summary>The longest ref, in UTF-16 code units.</summary>
    public const int MaxRefLength = 64;

    /// <summary>The default of System.Text.Json.</summary>
    private const int MaxDepth = 64;

    /// <summary>Whether this version supports the frame's type. If not, only the type and the ref were read.</summary>
    public bool IsKnown => Type is MessageType or ResumeType or PongType or JoinType or LeaveType or EditType or DeleteType or HistoryType
        or SignalType or ReadType;

    /// <summary>The ref to echo to the client; null if there is none. A ref beyond the permitted length isn't echoed.</summary>
    public string? ValidRef => Ref is { Length: > 0 and <= MaxRefLength } ? Ref : null;

    /// <summary>Reads a frame.</summary>
    /// <param name="received">The received message.</param>
    /// <param name="frame">The frame; null if it isn't a JSON object.</param>
    /// <returns>What is wrong with the frame, for people; null if it is valid.</returns>
    public static string? Read(WebSocketMessage received, out V1ClientFrame? frame)
    {
        frame = null;
        if (received.Type != WebSocketMessageType.Text)
            return "A frame must be JSON text. Send bytes as 'base64'.";

        try
        {
            frame = JsonSerializer.Deserialize(received.Data.Span, V1ClientFrameContext.Default.V1ClientFrame);
        }
        catch (JsonException e)
        {
            // The exception's message isn't sent, because it names types of this assembly and options of the reader.
            frame = ReadHead(received.Data);
            if (frame is { Type: not null, IsKnown: false })
                return null;
            var at = $"see line {e.LineNumber + 1}, near byte {e.BytePositionInLine}";
            return frame is null
                ? $"A frame must be a JSON object (RFC 8259) with at most {MaxDepth} levels of nesting; {at}."
                : $"A member of the frame has the wrong type; {at}.";
        }

        return frame is null ? "A frame must be a JSON object." : frame.Problem();
    }

    /// <summary>Reads only the members that all versions share, from a frame of another version. Returns null if it isn't a JSON object.</summary>
    private static V1ClientFrame? ReadHead(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new V1ClientFrame(Text(document.RootElement, "type"), Text(document.RootElement, "ref"))
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or a string that isn't valid Unicode.
            return null;
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Returns the message for the handler. It is empty for a frame without a payload.</summary>
    public WebSocketMessage ToMessage()
    {
        var message = Json is not null
            ? new WebSocketMessage(Json, WebSocketMessageType.Text) { IsJson = true }
            : Data is { } text ? new WebSocketMessage(text) : new WebSocketMessage(Base64, WebSocketMessageType.Binary);
        return Room is null ? message : message.In(Room);
    }

    private bool HasOnePayload => (Data is null ? 0 : 1) + (Base64 is null ? 0 : 1) + (Json is null ? 0 : 1) == 1;

    private string? Problem() => Type switch
    {
        null => "The frame has no 'type'.",
        PongType or ResumeType => null,
        _ when !IsKnown => null,
        not SignalType when Ref is { Length: 0 or > MaxRefLength } => $"A 'ref' must have 1 to {MaxRefLength} characters.",
        MessageType or EditType when !HasOnePayload => "A message must have one of 'data' (a string), 'json' and 'base64'.",
        MessageType or EditType when Json is not null && !JsonPayload.IsValid(Json) =>
            $"'json' must have at most {JsonPayload.MaxDepth} levels of nesting.",
        EditType or DeleteType or ReadType when !V1ResumeFrame.TryReadPosition(Position, out _) =>
            "'position' must be that of a message, such as \"5k2j9:42\".",
        JoinType or LeaveType => RoomProblem(),
        _ => Room is null ? null : RoomProblem(),
    };

    private string? RoomProblem() =>
        RoomName.IsValid(Room, out _) ? null : $"'room' must be the name of a room, 1 to {RoomName.MaxLength} characters.";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(V1ClientFrame))]
internal sealed partial class V1ClientFrameContext : JsonSerializerContext;

using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ChatKit.Testing;

/// <summary>
/// A frame of <see cref="ChatKitSubprotocol.V1"/> that a client has received. <c>docs/protocol.md</c> describes the types and their members.
/// </summary>
public sealed class ChatFrame
{
    /// <summary>A frame of the protocol.</summary>
    internal ChatFrame(JsonElement json) => (Json, Type, Data) = (json, StringOf(json, "type") ?? "", PayloadOf(json));

    /// <summary>A message of a client without a subprotocol.</summary>
    internal ChatFrame(ReadOnlyMemory<byte> plain) => (Type, Data) = ("message", plain);

    /// <summary>
    /// The type, such as <c>message</c>, <c>gap</c> or <c>restart</c>. What a client without a subprotocol receives is always a <c>message</c>.
    /// </summary>
    public string Type { get; }

    /// <summary>The room; null if the frame isn't of a room.</summary>
    public string? Room => Member("room");

    /// <summary>The position of the message, or of the client in the room; null if there is none.</summary>
    public MessagePosition? Position => MessagePosition.TryParse(Member("position"), out var position) ? position : null;

    /// <summary>The user who has sent the message or the signal; null if anonymous, or if the application has sent it.</summary>
    public string? From => Member("from");

    /// <summary>The code of an <c>error</c>.</summary>
    public string? Code => Member("code");

    /// <summary>The payload of a message, a change or a signal as text, the text of an <c>error</c>; otherwise null.</summary>
    public string? Text => Type == "error" ? Member("text") : HasPayload ? Encoding.UTF8.GetString(Data.Span) : null;

    /// <summary>The payload of a message, a change or a signal: the bytes, or the UTF-8 bytes of a text or of JSON. Otherwise empty.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The whole frame. Undefined for a client without a subprotocol.</summary>
    public JsonElement Json { get; }

    private bool IsPlain => Json.ValueKind == JsonValueKind.Undefined;

    private bool HasPayload =>
        IsPlain || Json.TryGetProperty("data", out _) || Json.TryGetProperty("json", out _) || Json.TryGetProperty("base64", out _);

    /// <summary>Reads the payload of a message as JSON.</summary>
    /// <typeparam name="T">The type of the payload.</typeparam>
    /// <param name="typeInfo">Describes the type; a member of your <c>JsonSerializerContext</c>.</param>
    /// <exception cref="JsonException">The payload isn't JSON of this type.</exception>
    public T? ReadJson<T>(JsonTypeInfo<T> typeInfo) => JsonSerializer.Deserialize(Data.Span, typeInfo);

    /// <summary>Returns the frame as it was received.</summary>
    public override string ToString() => IsPlain ? Encoding.UTF8.GetString(Data.Span) : Json.GetRawText();

    internal string? Member(string name) => StringOf(Json, name);

    internal bool Flag(string name) => !IsPlain && Json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    internal long? Number(string name) =>
        !IsPlain && Json.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number : null;

    private static string? StringOf(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static ReadOnlyMemory<byte> PayloadOf(JsonElement json)
    {
        if (StringOf(json, "data") is { } text)
            return Encoding.UTF8.GetBytes(text);
        if (StringOf(json, "base64") is { } base64)
            return Convert.FromBase64String(base64);
        return json.TryGetProperty("json", out var value) ? Encoding.UTF8.GetBytes(value.GetRawText()) : default;
    }
}

using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ChatKit.Client.Protocol;

/// <summary>The content of a message: one of the members, or none if it is deleted.</summary>
/// <param name="Text">A text.</param>
/// <param name="Bytes">Bytes.</param>
/// <param name="Json">A JSON value in UTF-8.</param>
internal readonly record struct Payload(string? Text, ReadOnlyMemory<byte>? Bytes, byte[]? Json)
{
    public static Payload Of(string text) => new(text, null, null);

    public static Payload Of(ReadOnlyMemory<byte> bytes) => new(null, bytes, null);

    public static Payload OfJson(byte[] json) => new(null, null, json);
}

/// <summary>Writes the frames of a client.</summary>
internal static class ClientFrames
{
    // Other characters need no escape in JSON, and escapes count towards the server's limit.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static byte[] Pong { get; } = """{"type":"pong"}"""u8.ToArray();

    public static byte[] LastResume { get; } = """{"type":"resume","last":true}"""u8.ToArray();

    /// <summary>A message, an edit, or a deletion.</summary>
    public static byte[] Message(string type, string reference, string? room, MessagePosition? position, Payload payload) =>
        Write(type, reference, room, json =>
        {
            if (position is { } at)
                json.WriteString("position"u8, at.ToString());
            if (payload.Text is { } text)
                json.WriteString("data"u8, Encoding.UTF8.GetBytes(text)); // Replaces half a surrogate pair, which has no UTF-8 encoding.
            else if (payload.Bytes is { } bytes)
                json.WriteBase64String("base64"u8, bytes.Span);
            else if (payload.Json is { } value)
            {
                json.WritePropertyName("json"u8);
                json.WriteRawValue(value, skipInputValidation: true);
            }
        });

    public static byte[] Join(string reference, string room, string? after) => Write("join", reference, room, json =>
    {
        if (after is not null)
            json.WriteString("after"u8, after);
    });

    public static byte[] Leave(string reference, string room) => Write("leave", reference, room, static _ => { });

    public static byte[] Read(string? room, MessagePosition position) =>
        Write("read", null, room, json => json.WriteString("position"u8, position.ToString()));

    public static byte[] Signal(string? room, string name, string? data) => Write("signal", null, room, json =>
    {
        json.WriteString("name"u8, name);
        if (data is not null)
            json.WriteString("data"u8, Encoding.UTF8.GetBytes(data));
    });

    public static byte[] History(string reference, string? room, MessagePosition? before, int limit) => Write("history", reference, room, json =>
    {
        if (before is { } position)
            json.WriteString("before"u8, position.ToString());
        json.WriteNumber("limit"u8, limit);
    });

    public static byte[] Resume(IEnumerable<KeyValuePair<string, string>> after) => Write("resume", null, null, json =>
    {
        json.WriteStartObject("after"u8);
        foreach (var (room, position) in after)
            json.WriteString(room, position);
        json.WriteEndObject();
    });

    private static byte[] Write(string type, string? reference, string? room, Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, type);
            if (reference is not null)
                json.WriteString("ref"u8, reference);
            if (room is not null)
                json.WriteString("room"u8, room);
            content(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}

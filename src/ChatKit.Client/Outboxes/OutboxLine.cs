using System.Buffers;
using System.Text.Json;

namespace ChatKit.Client.Outboxes;

/// <summary>A line of the file of a <see cref="FileOutboxStorage"/>: a message, or the removal of one.</summary>
internal static class OutboxLine
{
    public static byte[] Write(StoredMessage message) => Write(message.Ref, json =>
    {
        if (message.User is { } user)
            json.WriteString("user"u8, user);
        if (message.SentAt is { } sentAt)
            json.WriteString("sentAt"u8, sentAt);
        json.WritePropertyName("frame"u8);
        json.WriteRawValue(message.Frame.Span);
    });

    public static byte[] WriteRemoval(string reference) => Write(reference, static _ => { });

    /// <summary>Reads a line without its line break. The message is null if the line removes it.</summary>
    /// <exception cref="JsonException">The line isn't one.</exception>
    public static (string Ref, StoredMessage? Message)? Read(ReadOnlyMemory<byte> line)
    {
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("ref"u8, out var property) || property.GetString() is not { } reference)
            return null;
        if (!root.TryGetProperty("frame"u8, out var frame))
            return (reference, null);
        var user = root.TryGetProperty("user"u8, out var name) ? name.GetString() : null;
        DateTimeOffset? sentAt = root.TryGetProperty("sentAt"u8, out var at) && at.TryGetDateTimeOffset(out var time) ? time : null;
        return (reference, new StoredMessage(reference, System.Text.Encoding.UTF8.GetBytes(frame.GetRawText()), user, sentAt));
    }

    private static byte[] Write(string reference, Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("ref"u8, reference);
            content(json);
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }
}

using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using ChatKit.ChatKitV1;

namespace ChatKit.Connections.Messages;

/// <summary>A frame that is posted without a connection.</summary>
/// <param name="Frame">The frame, with a type and a ref.</param>
/// <param name="IsMessage">Whether the frame is a message, and not a request.</param>
/// <param name="Room">The room that it addresses; null for the home room.</param>
internal sealed record ShortPost(byte[] Frame, bool IsMessage, string? Room)
{
    private const string Type = "type";
    private const string Ref = "ref";

    /// <summary>Reads the body of a post. A frame without a type is a message, and one without a ref gets one, so that it is answered.</summary>
    public static bool TryRead(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out ShortPost? post, [NotNullWhen(false)] out string? problem)
    {
        post = null;
        if (!PostBody.TryRead(body, out var frames, out problem))
            return false;
        try
        {
            problem = Read(frames.Count == 1 ? frames[0] : body, out post);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            problem = "The frame has too many levels of nesting, or a text that is not valid Unicode.";
        }

        return problem is null;
    }

    /// <summary>Returns what is wrong with a frame, for people; null if it can be passed on.</summary>
    private static string? Read(ReadOnlyMemory<byte> body, out ShortPost? post)
    {
        post = null;
        using var document = JsonDocument.Parse(body);
        var frame = document.RootElement;
        if (frame.ValueKind != JsonValueKind.Object)
            return "Without the header ChatKit-Connection, the body must be one frame: a JSON object, such as {\"data\":\"hi\"}.";

        var type = frame.TryGetProperty(Type, out _) ? Text(frame, Type) : V1ClientFrame.MessageType;
        if (type is V1ClientFrame.JoinType or V1ClientFrame.LeaveType)
            return "Without a connection, a client can't join or leave rooms.";

        var room = Text(frame, "room");
        post = new ShortPost(Complete(frame), type == V1ClientFrame.MessageType, RoomName.IsValid(room, out _) ? room : null);
        return null;
    }

    private static string? Text(JsonElement frame, string name) =>
        frame.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static byte[] Complete(JsonElement frame)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            if (!frame.TryGetProperty(Type, out _))
                json.WriteString(Type, V1ClientFrame.MessageType);
            if (!frame.TryGetProperty(Ref, out _))
                json.WriteString(Ref, Guid.NewGuid().ToString("n"));
            foreach (var member in frame.EnumerateObject())
                member.WriteTo(json);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }
}

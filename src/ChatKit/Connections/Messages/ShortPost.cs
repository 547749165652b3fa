using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using ChatKit.ChatKitV1;

namespace ChatKit.Connections.Messages;

/// <summary>A frame that is posted without a connection.</summary>
/// <param name="Frame">The frame, with a type and a ref.</param>
/// <param name="Room">The room that it addresses; null for the home room.</param>
internal sealed record ShortPost(byte[] Frame, string? Room)
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
        using var document = JsonDocument.Parse(frames.Count == 1 ? frames[0] : body);
        var frame = document.RootElement;
        if (frame.ValueKind != JsonValueKind.Object)
        {
            problem = "Without the header ChatKit-Connection, the body must be one frame: a JSON object, such as {\"data\":\"hi\"}.";
            return false;
        }

        if (frame.TryGetProperty(Type, out var type)
            && (type.ValueEquals(V1ClientFrame.JoinType) || type.ValueEquals(V1ClientFrame.LeaveType)))
        {
            problem = "Without a connection, a client can't join or leave rooms.";
            return false;
        }

        var room = frame.TryGetProperty("room", out var named) && named.ValueKind == JsonValueKind.String ? named.GetString() : null;
        post = new ShortPost(Complete(frame), RoomName.IsValid(room, out _) ? room : null);
        return true;
    }

    private static byte[] Complete(JsonElement frame)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
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

using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;

namespace ChatKit.ChatKitV1;

/// <summary>Writes messages and their content into frames.</summary>
internal static class V1Content
{
    /// <summary>No history of ChatKit has longer positions.</summary>
    private const int MaxPosition = 64;

    public static void WriteIfAny(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    public static void WritePosition(Utf8JsonWriter json, MessagePosition position)
    {
        Span<char> text = stackalloc char[MaxPosition];
        if (text.TryWrite(CultureInfo.InvariantCulture, $"{position.Epoch}:{position.Sequence}", out var length))
            json.WriteString("position", text[..length]);
        else
            json.WriteString("position", position.ToString());
    }

    public static void WriteMessage(Utf8JsonWriter json, ChatMessage message)
    {
        if (message.Position is { } position)
            WritePosition(json, position);
        WriteIfAny(json, "from", message.From);
        json.WriteString("at", message.At.UtcDateTime);
        if (message is { IsDeleted: false, ChangedAt: { } changed })
            json.WriteString("edited", changed.UtcDateTime);
        WritePayload(json, message);
    }

    public static void WritePayload(Utf8JsonWriter json, ChatMessage message)
    {
        if (message.IsDeleted)
            json.WriteBoolean("deleted", true);
        else
            WriteData(json, message.Type, message.Data, message.IsJson);
    }

    public static void WriteData(Utf8JsonWriter json, WebSocketMessageType type, ReadOnlyMemory<byte> data, bool isJson)
    {
        // A history or a backplane of the application can return anything.
        if (isJson && JsonPayload.IsValid(data.Span))
        {
            json.WritePropertyName("json");
            json.WriteRawValue(data.Span, skipInputValidation: true);
            return;
        }

        if (type == WebSocketMessageType.Text)
            json.WriteString("data", data.Span);
        else
            json.WriteBase64String("base64", data.Span);
    }
}

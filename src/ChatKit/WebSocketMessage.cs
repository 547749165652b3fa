using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ChatKit;

/// <summary>A whole message from a client, reassembled from its fragments.</summary>
public readonly struct WebSocketMessage
{
    /// <summary>Creates a message of bytes.</summary>
    /// <param name="data">The payload; for a text its UTF-8 bytes. Not copied.</param>
    /// <param name="type">Text or binary.</param>
    public WebSocketMessage(ReadOnlyMemory<byte> data, WebSocketMessageType type)
    {
        Data = data;
        Type = type;
    }

    /// <summary>Creates a text message.</summary>
    /// <param name="text">The text.</param>
    public WebSocketMessage(string text)
        : this(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text)
    {
    }

    /// <summary>Text or binary.</summary>
    public WebSocketMessageType Type { get; }

    /// <summary>The payload; of a text its UTF-8 bytes, which are known to be valid. It is the receiver's to keep.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The payload as text. Decodes anew at each call; bytes of a binary message that are not UTF-8 become U+FFFD.</summary>
    public string Text => Encoding.UTF8.GetString(Data.Span);

    /// <summary>Reads the payload as JSON. A client can send anything, so what it sends is an answer, not an exception.</summary>
    /// <typeparam name="T">The type to read.</typeparam>
    /// <param name="typeInfo">How to read it, from a source-generated <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.</param>
    /// <param name="value">What was read; the type's default if the answer is false.</param>
    /// <returns>False if the payload is not JSON, is the JSON null, or does not fit the type. What the type itself throws is thrown.</returns>
    public bool TryReadJson<T>(JsonTypeInfo<T> typeInfo, [NotNullWhen(true)] out T? value)
    {
        try
        {
            value = JsonSerializer.Deserialize(Data.Span, typeInfo);
            return value is not null;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            // The second is what a missing type discriminator gives.
            value = default;
            return false;
        }
    }
}

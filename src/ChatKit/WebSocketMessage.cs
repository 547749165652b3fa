using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ChatKit;

/// <summary>A complete message from a client, reassembled from its fragments.</summary>
public readonly struct WebSocketMessage
{
    private readonly string? _room;

    /// <summary>Creates a message from bytes.</summary>
    /// <param name="data">The payload. For a text message, its UTF-8 bytes. The bytes aren't copied.</param>
    /// <param name="type">Whether the message is text or binary.</param>
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

    private WebSocketMessage(in WebSocketMessage message, string room)
        : this(message.Data, message.Type)
    {
        IsJson = message.IsJson;
        _room = room;
    }

    /// <summary>Whether the message is text or binary.</summary>
    public WebSocketMessageType Type { get; }

    /// <summary>
    /// Whether the client has sent JSON (<c>json</c> in a frame of <see cref="ChatKitSubprotocol.V1"/>), which is valid. <see cref="Data"/>
    /// and <see cref="Text"/> are the JSON then. False if it has sent a text, even if that contains JSON.
    /// </summary>
    public bool IsJson { get; init; }

    /// <summary>
    /// The room that the client has addressed: the home room, unless the endpoint has <see cref="WebSocketConnectionOptions.AllowClientJoins"/>
    /// and the client has named another room that it is in. Empty for a message that no handler has received.
    /// </summary>
    public string Room => _room ?? "";

    /// <summary>The payload. For a text message, its UTF-8 bytes, which are valid. The receiver can keep it.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The payload as text. Each call decodes it again. Invalid UTF-8 in a binary message becomes U+FFFD.</summary>
    public string Text => Encoding.UTF8.GetString(Data.Span);

    /// <summary>Returns the message, addressed to a room.</summary>
    internal WebSocketMessage In(string room) => new(this, room);

    /// <summary>Reads the payload as JSON. Invalid JSON from a client makes the method return false; it doesn't throw.</summary>
    /// <typeparam name="T">The type to read.</typeparam>
    /// <param name="typeInfo">
    /// The metadata of the type, from a source-generated <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.
    /// </param>
    /// <param name="value">The deserialized value; the type's default if the method returns false.</param>
    /// <returns>False if the payload isn't JSON, is the JSON null, or doesn't match the type. Exceptions of the type itself are thrown.</returns>
    public bool TryReadJson<T>(JsonTypeInfo<T> typeInfo, [NotNullWhen(true)] out T? value)
    {
        try
        {
            value = JsonSerializer.Deserialize(Data.Span, typeInfo);
            return value is not null;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            // A missing type discriminator throws NotSupportedException.
            value = default;
            return false;
        }
    }
}

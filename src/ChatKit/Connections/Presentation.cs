using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ChatKit.Connections;

/// <summary>How presence lists a connection. A connection without data costs no memory besides its name.</summary>
/// <param name="name">The name; null if presence does not list the connection.</param>
internal struct Presentation(string? name)
{
    /// <summary>The largest data, in bytes of JSON.</summary>
    private const int MaxSize = 1024;

    /// <summary>Stores and nodes separate the data by line feeds, so it has none, whatever the application's options are.</summary>
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The name, or both name and data.</summary>
    private object? _value = name;

    public readonly string? Name => _value as string ?? (_value as Described)?.Name;

    /// <summary>The data; null if there is none.</summary>
    public readonly string? Json => (_value as Described)?.Json;

    /// <exception cref="InvalidOperationException">Presence does not list the connection.</exception>
    /// <exception cref="ArgumentException">The data is too large.</exception>
    public void Set<T>(T data, JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        if (Name is not { } known)
        {
            throw new InvalidOperationException(
                $"Presence does not list this connection. Set {nameof(WebSocketConnectionOptions.TrackPresence)} of its endpoint.");
        }

        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes, Compact))
            JsonSerializer.Serialize(writer, data, typeInfo);
        if (bytes.WrittenCount > MaxSize)
        {
            throw new ArgumentException(
                $"The presence data of a member must have at most {MaxSize} bytes of JSON; this has {bytes.WrittenCount}.", nameof(data));
        }

        _value = new Described(known, Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    private sealed record Described(string Name, string Json);
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatKit.TestKit.Client;

/// <summary>Any frame of a server. Members that its type does not have are null.</summary>
internal sealed record ServerFrame(
    string? Type,
    string? Room,
    string? Position,
    string? From,
    DateTimeOffset At,
    string? Data,
    byte[]? Base64,
    string? After,
    string? Next,
    long? Missed,
    bool Reset,
    bool Recovered,
    string? Ref,
    string? Code,
    string? Text,
    double Ping,
    double? Retry,
    int Limit);

/// <summary>A frame of a client.</summary>
internal sealed record ClientFrame(string Type, string? Ref = null, string? Data = null)
{
    public static byte[] Pong { get; } = Encode(new ClientFrame("pong"));

    public static byte[] Message(string reference, string text) => Encode(new ClientFrame("message", reference, text));

    private static byte[] Encode(ClientFrame frame) => JsonSerializer.SerializeToUtf8Bytes(frame, FrameContext.Default.ClientFrame);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ServerFrame))]
[JsonSerializable(typeof(ClientFrame))]
internal sealed partial class FrameContext : JsonSerializerContext;

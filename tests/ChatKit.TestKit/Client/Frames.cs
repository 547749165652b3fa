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
    int Limit,
    long Revision,
    DateTimeOffset? Edited,
    bool Deleted,
    string? User,
    string? Name,
    string? Read,
    int? Unread);

/// <summary>A frame of a client.</summary>
internal sealed record ClientFrame(
    string Type, string? Ref = null, string? Data = null, string? Room = null, string? Position = null, string? Name = null)
{
    public static byte[] Pong { get; } = Encode(new ClientFrame("pong"));

    public static byte[] Message(string reference, string text) => Encode(new ClientFrame("message", reference, text));

    public static byte[] Edit(string reference, string position, string text) => Encode(new ClientFrame("edit", reference, text, Position: position));

    public static byte[] Delete(string reference, string position) => Encode(new ClientFrame("delete", reference, Position: position));

    public static byte[] Join(string reference, string room) => Encode(new ClientFrame("join", reference, Room: room));

    public static byte[] Leave(string reference, string room) => Encode(new ClientFrame("leave", reference, Room: room));

    public static byte[] Read(string room, string position) => Encode(new ClientFrame("read", Room: room, Position: position));

    public static byte[] Signal(string room, string name) => Encode(new ClientFrame("signal", Room: room, Name: name));

    private static byte[] Encode(ClientFrame frame) => JsonSerializer.SerializeToUtf8Bytes(frame, FrameContext.Default.ClientFrame);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ServerFrame))]
[JsonSerializable(typeof(ClientFrame))]
internal sealed partial class FrameContext : JsonSerializerContext;

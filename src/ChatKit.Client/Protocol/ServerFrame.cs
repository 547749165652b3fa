using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatKit.Client.Protocol;

/// <summary>Any frame of a server, and also a message of the client. Members that its type doesn't have are null.</summary>
internal sealed record ServerFrame
{
    public string? Type { get; init; }

    public string? Room { get; init; }

    public string? Position { get; init; }

    public string? From { get; init; }

    public DateTimeOffset At { get; init; }

    public string? By { get; init; }

    public string? Data { get; init; }

    public byte[]? Base64 { get; init; }

    public JsonElement Json { get; init; }

    public DateTimeOffset? Edited { get; init; }

    public bool Deleted { get; init; }

    public long? Revision { get; init; }

    // gap

    public string? After { get; init; }

    public string? Next { get; init; }

    public long? Missed { get; init; }

    public bool Reset { get; init; }

    // live

    public bool Recovered { get; init; }

    public string? Read { get; init; }

    public int? Unread { get; init; }

    // ack, error, restart, left

    public string? Ref { get; init; }

    public string? Code { get; init; }

    public string? Text { get; init; }

    public double? Retry { get; init; }

    public string? Reason { get; init; }

    // welcome

    public string? Connection { get; init; }

    public string? User { get; init; }

    public double Ping { get; init; }

    public int Limit { get; init; }

    public double? Expires { get; init; }

    public string? Token { get; init; }

    // history

    public ServerFrame[]? Messages { get; init; }

    public bool More { get; init; }

    // signal

    public string? Name { get; init; }

    // presence

    public string[]? Here { get; init; }

    public string[]? Joined { get; init; }

    public string[]? Left { get; init; }

    public string[]? Changed { get; init; }

    public Dictionary<string, JsonElement>? Members { get; init; }

    public int? Count { get; init; }

    /// <summary>The bytes of its content. Null isn't the empty memory to which it converts.</summary>
    [JsonIgnore]
    public ReadOnlyMemory<byte>? Bytes => Base64 is { } bytes ? new ReadOnlyMemory<byte>(bytes) : (ReadOnlyMemory<byte>?)null;

    [JsonIgnore]
    public JsonElement? JsonOrNull => Json.ValueKind == JsonValueKind.Undefined ? null : Json;
}

/// <summary>The end of an event stream.</summary>
internal sealed record StreamClose(int Code, string? Reason);

/// <summary>The response to a poll.</summary>
internal sealed record Poll(ServerFrame[]? Frames);

/// <summary>What a server says about a request that has failed (RFC 9457).</summary>
internal sealed record Problem(string? Code, string? Detail, string? Ref, int? CloseCode, double? Retry);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(ServerFrame))]
[JsonSerializable(typeof(StreamClose))]
[JsonSerializable(typeof(Poll))]
[JsonSerializable(typeof(Problem))]
internal sealed partial class FrameContext : JsonSerializerContext;

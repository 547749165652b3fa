using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatKit.TestKit.Client;

/// <summary>Any frame of a server. Members that its type does not have are null.</summary>
internal sealed record ServerFrame
{
    public string? Type { get; init; }

    public string? Room { get; init; }

    public string? Position { get; init; }

    public string? From { get; init; }

    public DateTimeOffset At { get; init; }

    public string? Data { get; init; }

    public byte[]? Base64 { get; init; }

    public string? After { get; init; }

    public string? Next { get; init; }

    public long? Missed { get; init; }

    public bool Reset { get; init; }

    public bool Recovered { get; init; }

    public string? Ref { get; init; }

    public string? Code { get; init; }

    public string? Text { get; init; }

    public double Ping { get; init; }

    public double? Retry { get; init; }

    public int Limit { get; init; }

    public long Revision { get; init; }

    public DateTimeOffset? Edited { get; init; }

    public bool Deleted { get; init; }

    public string? User { get; init; }

    public string? Name { get; init; }

    public string? Read { get; init; }

    public int? Unread { get; init; }

    public string? Token { get; init; }
}

/// <summary>The end of an event stream.</summary>
internal sealed record StreamClose(int Code, string? Reason);

/// <summary>The response to a poll.</summary>
internal sealed record Poll(ServerFrame[]? Frames);

/// <summary>What a server says about a request that has failed.</summary>
internal sealed record Problem(string? Code, string? Detail, string? Ref, int? CloseCode)
{
    /// <summary>The frame that a connection receives instead; null if it receives none.</summary>
    public ServerFrame? ToError(string? reference) => Code is null or "rate_limited"
        ? null
        : new ServerFrame { Type = "error", Ref = Ref ?? reference, Code = Code, Text = Detail ?? Code };
}

/// <summary>A frame of a client.</summary>
internal sealed record ClientFrame(
    string Type, string? Ref = null, string? Data = null, string? Room = null, string? Position = null, string? Name = null)
{
    public static ClientFrame Pong { get; } = new("pong");

    /// <summary>The frame as it is sent.</summary>
    [JsonIgnore]
    public byte[] Json => field ??= JsonSerializer.SerializeToUtf8Bytes(this, FrameContext.Default.ClientFrame);

    public static ClientFrame Message(string reference, string text) => new("message", reference, text);

    public static ClientFrame Edit(string reference, string position, string text) => new("edit", reference, text, Position: position);

    public static ClientFrame Delete(string reference, string position) => new("delete", reference, Position: position);

    public static ClientFrame Join(string reference, string room) => new("join", reference, Room: room);

    public static ClientFrame Leave(string reference, string room) => new("leave", reference, Room: room);

    public static ClientFrame Read(string room, string position) => new("read", Room: room, Position: position);

    public static ClientFrame Signal(string room, string name) => new("signal", Room: room, Name: name);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ServerFrame))]
[JsonSerializable(typeof(ClientFrame))]
[JsonSerializable(typeof(StreamClose))]
[JsonSerializable(typeof(Poll))]
[JsonSerializable(typeof(Problem))]
internal sealed partial class FrameContext : JsonSerializerContext;

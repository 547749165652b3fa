using System.Text.Json;

namespace ChatKit.ClientScenarios.Driver;

/// <summary>Any command. Members that it doesn't have are null.</summary>
internal sealed record Command
{
    public static JsonSerializerOptions Format { get; } = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    [System.Text.Json.Serialization.JsonPropertyName("command")]
    public string? Name { get; init; }

    public string? Id { get; init; }

    public string? Room { get; init; }

    public Uri? Url { get; init; }

    public Dictionary<string, string>? After { get; init; }

    public string[]? Transports { get; init; }

    public Dictionary<string, double>? Times { get; init; }

    public string? Data { get; init; }

    public byte[]? Base64 { get; init; }

    public JsonElement? Json { get; init; }

    public string? Position { get; init; }

    public string? SignalName { get; init; }

    public int? Limit { get; init; }

    public string? Before { get; init; }

    public static Command Parse(string line) => JsonSerializer.Deserialize<Command>(line, Format)!;
}

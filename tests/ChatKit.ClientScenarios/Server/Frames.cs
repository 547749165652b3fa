using System.Text.Json;
using System.Text.Json.Nodes;

namespace ChatKit.ClientScenarios.Server;

/// <summary>Frames of the server.</summary>
internal static class Frames
{
    public const string At = "2026-11-22T18:00:00.123Z";

    public const string Ping = """{"type":"ping"}""";

    /// <summary>A frame with these members, except those that are null.</summary>
    public static string Of(string type, params (string Name, object? Value)[] members)
    {
        var frame = new JsonObject { ["type"] = type };
        foreach (var (name, value) in members)
        {
            if (value is not null)
                frame[name] = JsonSerializer.SerializeToNode(value);
        }

        return frame.ToJsonString();
    }

    public static string Welcome(
        string connection, string? user = "ann", double ping = 20, int limit = 65_536, double? expires = null, string? token = null) =>
        Of("welcome", ("connection", connection), ("room", "lobby"), ("user", user), ("ping", ping), ("limit", limit), ("rooms", 128),
            ("expires", expires), ("token", token));

    public static string Message(string? position, string data, string? room = "lobby") =>
        Of("message", ("room", room), ("position", position), ("from", "bob"), ("at", At), ("data", data));

    public static string Change(string position, long revision, string? data, string room = "lobby") =>
        Of("change", ("room", room), ("position", position), ("revision", revision), ("at", At), ("by", "bob"), ("data", data),
            ("deleted", data is null ? (bool?)true : null));

    public static string Gap(string after, string? next, long? missed, string room = "lobby") =>
        Of("gap", ("room", room), ("after", after), ("next", next), ("missed", missed), ("reset", missed is null ? (bool?)true : null));

    public static string Live(string position, string room = "lobby", long? revision = null, bool recovered = true) =>
        Of("live", ("room", room), ("position", position), ("revision", revision), ("recovered", recovered));

    public static string Skip(string position, string room = "lobby") => Of("skip", ("room", room), ("position", position));

    public static string Ack(string? reference, string? position = null, string? room = "lobby") =>
        Of("ack", ("ref", reference), ("room", room), ("position", position));

    public static string Error(string? reference, string code, double? retry = null) =>
        Of("error", ("ref", reference), ("code", code), ("text", $"It is {code}."), ("retry", retry));

    public static string Restart(double retry) => Of("restart", ("retry", retry));

    public static string Signal(string name, string? data = null, string room = "lobby") =>
        Of("signal", ("room", room), ("from", "bob"), ("name", name), ("data", data));

    public static string Read(string position, string user = "ann", string room = "lobby") =>
        Of("read", ("room", room), ("user", user), ("position", position));

    /// <summary>A member of a frame as a text; null if the frame lacks it.</summary>
    public static string? Text(this JsonElement frame, string name) =>
        frame.ValueKind == JsonValueKind.Object && frame.TryGetProperty(name, out var member)
            ? member.ValueKind == JsonValueKind.String ? member.GetString() : member.GetRawText()
            : null;
}

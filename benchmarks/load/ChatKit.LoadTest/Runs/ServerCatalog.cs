using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Servers;

namespace ChatKit.LoadTest.Runs;

/// <summary>
/// Finds servers by name. The name of a .NET server can have options, as in <c>chatkit+nohistory+recommended</c>.
/// </summary>
internal static class ServerCatalog
{
    private const string NoHistory = "nohistory";
    private const string Redis = "redis";
    private const string Stream = "stream";
    private const string Detach = "detach";

    /// <summary>The ways to reach a server other than its usual WebSockets.</summary>
    private static readonly string[] Ways = ["v1", "sse", "longpolling", "polling"];

    private static readonly Dictionary<string, HostSettings> Settings = new()
    {
        ["recommended"] = HostSettings.Recommended,
        ["inline"] = HostSettings.InlineScheduling,
        ["completions"] = HostSettings.InlineCompletions,
        ["nospin"] = HostSettings.NoSpinning,
        ["nopgo"] = HostSettings.NoProfiling,
        ["notiering"] = HostSettings.NoTiering,
        ["gen0"] = HostSettings.SmallGenerations,
        ["sockets"] = HostSettings.Sockets,
    };

    /// <summary>The servers that are measured by default.</summary>
    public static string[] Default { get; } =
        ["chatkit", "chatkit+nohistory", "chatkit+recommended", "signalr", "aspnet", "bun", "ws", "socketio", "tornado"];

    public static string Help =>
        $"Servers: chatkit, signalr, aspnet, {string.Join(", ", Peers.Names)}. The first three may be followed by +{Redis}, "
        + $"+{NoHistory}, +{Stream}, +{Detach}, +{string.Join(", +", Settings.Keys)}, and +sse and +longpolling (not aspnet), +v1 and +polling (only chatkit).";

    /// <summary>Finds a server.</summary>
    /// <exception cref="ArgumentException">There is no such server, or it is not installed.</exception>
    public static ServerSpec Get(string name) => Find(name, out var reason) ?? throw new ArgumentException($"{name} is missing; to get it, {reason}.");

    /// <summary>Finds a server. Returns null and how to install it if it is not installed.</summary>
    /// <exception cref="ArgumentException">There is no such server.</exception>
    public static ServerSpec? Find(string name, out string reason)
    {
        reason = "";
        var parts = name.Split('+');
        return parts[0] switch
        {
            "chatkit" => DotNet(name, parts, "plain"),
            "signalr" => DotNet(name, parts, "signalr"),
            "aspnet" => DotNet(name, parts, "plain"),
            _ => Peers.Find(name, out reason),
        };
    }

    /// <summary>Finds servers. Prints how to install those that are missing.</summary>
    public static List<ServerSpec> Installed(string[] names)
    {
        var servers = new List<ServerSpec>();
        foreach (var name in names)
        {
            if (Find(name, out var reason) is { } server)
                servers.Add(server);
            else
                Console.Error.WriteLine($"{name} is left out; to get it, {reason}.");
        }

        return servers;
    }

    private static ServerSpec DotNet(string name, string[] parts, string usual)
    {
        var settings = HostSettings.Default;
        foreach (var option in parts[1..])
        {
            if (Settings.TryGetValue(option, out var setting))
                settings |= setting;
            else if (option is not (NoHistory or Redis or Stream or Detach) && !Ways.Contains(option))
                throw new ArgumentException($"There is no option '{option}'. {Help}");
        }

        var client = string.Join('+', parts.Where(part => part == parts[0] || Ways.Contains(part)));
        if (client == parts[0])
            client = usual;
        if (!ClientCatalog.All.ContainsKey(client))
            throw new ArgumentException($"There is no server '{name}'. {Help}");

        return new ServerSpec(name, client, Self.Program, (port, redis) =>
        [
            .. Self.Arguments, "serve", parts[0], "--url", $"http://127.0.0.1:{port}",
            "--host-settings", settings.ToString().Replace(" ", ""),
            .. parts.Contains(NoHistory) ? ["--history", "0"] : Array.Empty<string>(),
            .. parts.Contains(Stream) ? ["--stream"] : Array.Empty<string>(),
            .. parts.Contains(Detach) ? ["--detach"] : Array.Empty<string>(),
            .. redis is null ? Array.Empty<string>() : ["--redis", redis],
        ])
        {
            UsesRedis = parts.Contains(Redis),
            Variables = [.. settings.Variables()],
        };
    }
}

using System.Reflection;

namespace ChatKit.LoadTest.Runs;

/// <summary>The installed servers that do not use .NET.</summary>
internal static class Peers
{
    private const string GetNodePackages = "run 'npm ci --ignore-scripts' in benchmarks/load/peers";

    private static readonly string Folder = Path.GetFullPath(typeof(Peers).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(static attribute => attribute.Key == "PeersFolder").Value!);

    public static string[] Names { get; } = ["bun", "ws", "socketio", "tornado", "faulty"];

    public static ServerSpec? Find(string name, out string reason)
    {
        reason = "";
        switch (name)
        {
            case "bun":
                reason = GetNodePackages;
                return BunProgram() is { } bun ? Create(name, bun, "bun.js") : null;
            case "ws" or "faulty":
                reason = $"install Node, and {GetNodePackages}";
                return NodeWith("ws") is { } node ? Create(name, node, $"{name}.js") : null;
            case "socketio":
                reason = $"install Node, and {GetNodePackages}";
                return NodeWith("socket.io") is { } program ? Create(name, program, "socketio.js", "socketio") : null;
            case "tornado":
                reason = "run 'apt-get install python3-tornado'";
                return PythonWithTornado() is { } python ? Create(name, python, "tornado_server.py") : null;
            default:
                throw new ArgumentException($"There is no server '{name}'. {ServerCatalog.Help}");
        }
    }

    private static ServerSpec Create(string name, string program, string script, string client = "plain") =>
        new(name, client, program, (port, _) => [Path.Combine(Folder, script), $"{port}"]);

    /// <summary>The program in the package for this platform. The package bun only starts it.</summary>
    private static string? BunProgram()
    {
        var packages = Path.Combine(Folder, "node_modules", "@oven");
        return Directory.Exists(packages)
            ? Directory.EnumerateDirectories(packages).Order().Select(static one => Path.Combine(one, "bin", "bun")).FirstOrDefault(File.Exists)
            : null;
    }

    private static string? NodeWith(string package) =>
        Directory.Exists(Path.Combine(Folder, "node_modules", package)) ? Programs.Find("node") : null;

    /// <summary>A Python that has Tornado: that of Debian, or another.</summary>
    private static string? PythonWithTornado() =>
        new[] { "/usr/bin/python3", Programs.Find("python3") }
            .FirstOrDefault(static python => File.Exists(python) && Programs.Succeeds(python, "-c", "import tornado"));
}

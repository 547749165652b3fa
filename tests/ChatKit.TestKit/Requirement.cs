using System.Diagnostics;
using Xunit;

namespace ChatKit.TestKit;

/// <summary>
/// The software that a test requires besides the .NET SDK. If it is missing, the test is skipped with a reason that states what to install.
/// With the environment variable <see cref="Variable"/> set to 1, the test fails instead. Most tests that require Redis run on Garnet if
/// redis-server is missing, or if the environment variable <see cref="RedisVariable"/> is set to <c>garnet</c>.
/// </summary>
public static class Requirement
{
    public const string Variable = "CHATKIT_TESTS_REQUIRE_ALL";

    /// <summary>If this is set to <c>garnet</c>, the tests run as if redis-server were not installed.</summary>
    public const string RedisVariable = "CHATKIT_TESTS_REDIS";

    private const string RedisMissing =
        "redis-server is not on the PATH, and Garnet cannot show this; install it (Debian: apt-get install redis-server).";

    private static readonly string? RedisPath =
        Environment.GetEnvironmentVariable(RedisVariable) == "garnet" ? null : FindOnPath("redis-server");

    private static readonly string? ChromiumPath = FindOnPath("chromium") ?? FindOnPath("chromium-browser");

    /// <summary>Debian installs it in a folder that is only on the PATH of root.</summary>
    private static readonly string? NginxPath = FindOnPath("nginx") ?? new[] { "/usr/sbin/nginx" }.FirstOrDefault(File.Exists);

    private static readonly Lazy<string?> PythonWithTornado = new(static () =>
        AllOnPath("python3").FirstOrDefault(static python => Runs(python, "-c", "import redis.asyncio, tornado")));

    private static bool IsAllRequired => Environment.GetEnvironmentVariable(Variable) == "1";

    /// <summary>The path of redis-server; null if it is not installed.</summary>
    public static string? RedisServerIfInstalled => RedisPath;

    /// <summary>Requires a server that supports the Redis protocol. Garnet is enough, unless no test may be skipped.</summary>
    public static void Redis()
    {
        if (RedisPath is null && IsAllRequired)
            Assert.Fail(RedisMissing);
    }

    /// <summary>Returns the path of redis-server. If it is missing, skips the test, because Garnet does not support what it needs.</summary>
    public static string RedisServer() => Require(RedisPath, RedisMissing);

    /// <summary>Returns the path of chromium. If it is missing, skips the test.</summary>
    public static string Chromium() => Require(ChromiumPath, "chromium is not on the PATH; install it (Debian: apt-get install chromium).");

    /// <summary>Returns the path of Node.js. If it, or what the tests of the npm package use, is missing, skips the test.</summary>
    public static string Node() => Require(
        Directory.Exists(Path.Combine(Repository.Root, "clients/js/node_modules/ws")) ? FindOnPath("node") : null,
        "node is not on the PATH, or the package ws isn't there; install it (Debian: apt-get install nodejs npm), and run: cd clients/js && npm ci");

    /// <summary>Skips the test if curl is missing.</summary>
    public static void Curl() => Require(FindOnPath("curl"), "curl is not on the PATH; install it (Debian: apt-get install curl).");

    /// <summary>Returns the path of nginx. If it is missing, skips the test.</summary>
    public static string Nginx() => Require(NginxPath, "nginx is not installed; install it (Debian: apt-get install nginx-light).");

    /// <summary>Returns the path of a Python that has Tornado and a client for Redis. If it is missing, skips the test.</summary>
    public static string Tornado() => Require(
        PythonWithTornado.Value,
        "python3 is not on the PATH, or has no tornado or no redis; install them (Debian: apt-get install python3-tornado python3-redis).");

    /// <summary>Skips the test if the kernel does not end the children of a killed process.</summary>
    public static void EndOfChildren() => Require(
        ChildProcess.EndsWithParent ? "" : null, "Needs Linux, and setpriv of util-linux (Debian: apt-get install util-linux).");

    private static string Require(string? path, string reason)
    {
        if (path is null && IsAllRequired)
            Assert.Fail(reason);
        Assert.SkipWhen(path is null, reason);
        return path!;
    }

    private static bool Runs(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static string? FindOnPath(string program) => AllOnPath(program).FirstOrDefault();

    private static IEnumerable<string> AllOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => new[] { Path.Combine(folder, program), Path.Combine(folder, program + ".exe") })
            .Where(File.Exists);
}

using Xunit;

namespace ChatKit.TestKit;

/// <summary>
/// What a test needs beyond the .NET SDK. Where it is missing the test is skipped with a reason that says what to install; with the
/// environment variable <see cref="Variable"/> set to 1 it fails instead.
/// </summary>
public static class Requirement
{
    public const string Variable = "CHATKIT_TESTS_REQUIRE_ALL";

    private static readonly string? RedisPath = FindOnPath("redis-server");
    private static readonly string? ChromiumPath = FindOnPath("chromium") ?? FindOnPath("chromium-browser");

    /// <summary>The path of redis-server; null where there is none.</summary>
    public static string? RedisServerIfInstalled => RedisPath;

    /// <summary>The path of redis-server, or the test ends here.</summary>
    public static string RedisServer() => Require(RedisPath, "redis-server is not on the PATH; install it (Debian: apt-get install redis-server).");

    /// <summary>The path of chromium, or the test ends here.</summary>
    public static string Chromium() => Require(ChromiumPath, "chromium is not on the PATH; install it (Debian: apt-get install chromium).");

    /// <summary>The kernel must end the children of a process that is killed, or the test ends here.</summary>
    public static void EndOfChildren() => Require(
        ChildProcess.EndsWithParent ? "" : null, "Needs Linux, and setpriv of util-linux (Debian: apt-get install util-linux).");

    private static string Require(string? path, string reason)
    {
        if (path is null && Environment.GetEnvironmentVariable(Variable) == "1")
            Assert.Fail(reason);
        Assert.SkipWhen(path is null, reason);
        return path!;
    }

    private static string? FindOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => new[] { Path.Combine(folder, program), Path.Combine(folder, program + ".exe") })
            .FirstOrDefault(File.Exists);
}

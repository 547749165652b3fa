using Xunit;

namespace ChatKit.TestKit;

/// <summary>
/// What a test needs beyond the .NET SDK. Where it is missing the test is skipped with a reason that says what to install; with the
/// environment variable <see cref="Variable"/> set to 1 it fails instead. Most tests that need Redis run on Garnet where redis-server is
/// missing, or the environment variable <see cref="RedisVariable"/> is set to <c>garnet</c>.
/// </summary>
public static class Requirement
{
    public const string Variable = "CHATKIT_TESTS_REQUIRE_ALL";

    /// <summary>Set to <c>garnet</c>, the tests run as if redis-server were not installed.</summary>
    public const string RedisVariable = "CHATKIT_TESTS_REDIS";

    private const string RedisMissing =
        "redis-server is not on the PATH, and Garnet cannot show this; install it (Debian: apt-get install redis-server).";

    private static readonly string? RedisPath =
        Environment.GetEnvironmentVariable(RedisVariable) == "garnet" ? null : FindOnPath("redis-server");

    private static readonly string? ChromiumPath = FindOnPath("chromium") ?? FindOnPath("chromium-browser");

    private static bool IsAllRequired => Environment.GetEnvironmentVariable(Variable) == "1";

    /// <summary>The path of redis-server; null where there is none.</summary>
    public static string? RedisServerIfInstalled => RedisPath;

    /// <summary>A server that speaks the protocol of Redis: there always is one, but where everything is required it must be redis-server.</summary>
    public static void Redis()
    {
        if (RedisPath is null && IsAllRequired)
            Assert.Fail(RedisMissing);
    }

    /// <summary>The path of redis-server, or the test ends here: Garnet cannot do what the test shows.</summary>
    public static string RedisServer() => Require(RedisPath, RedisMissing);

    /// <summary>The path of chromium, or the test ends here.</summary>
    public static string Chromium() => Require(ChromiumPath, "chromium is not on the PATH; install it (Debian: apt-get install chromium).");

    /// <summary>The kernel must end the children of a process that is killed, or the test ends here.</summary>
    public static void EndOfChildren() => Require(
        ChildProcess.EndsWithParent ? "" : null, "Needs Linux, and setpriv of util-linux (Debian: apt-get install util-linux).");

    private static string Require(string? path, string reason)
    {
        if (path is null && IsAllRequired)
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

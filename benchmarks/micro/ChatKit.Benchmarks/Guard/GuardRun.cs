using System.Diagnostics;
using System.Globalization;

namespace ChatKit.Benchmarks.Guard;

/// <summary>
/// Compares what the steps of a broadcast allocate with a list that is checked in. Unlike times, bytes are the same on every machine, so that
/// one object more for each message or delivery shows.
/// </summary>
internal static class GuardRun
{
    /// <summary>Less than the smallest object, which has 24 bytes. The memory of connections varies by a few bytes.</summary>
    private const long Tolerance = 20;

    /// <summary>Tiers and profiles would change when a method stops allocating.</summary>
    private static readonly Dictionary<string, string> Settings = new()
    {
        ["DOTNET_TieredCompilation"] = "0",
        ["DOTNET_TieredPGO"] = "0",
        ["DOTNET_gcServer"] = "0",
        ["DOTNET_gcConcurrent"] = "0",
    };

    /// <param name="update">Whether to write the list instead of comparing with it.</param>
    /// <returns>The exit code.</returns>
    public static int Run(bool update)
    {
        if (Settings.Any(static setting => Environment.GetEnvironmentVariable(setting.Key) != setting.Value))
            return RunAgain(update);

        var path = Path.Combine(FindRoot(), "benchmarks/micro/ChatKit.Benchmarks/Guard/baseline.txt");
        var measured = GuardSteps.Measure().ToList();
        if (update)
        {
            File.WriteAllLines(path, measured.Select(static step => $"{step.Value,8} {step.Name}"));
            Console.WriteLine($"Wrote {path}");
            return 0;
        }

        var expected = File.ReadAllLines(path).Select(static line => line.Trim().Split(' ', 2)).ToDictionary(
            static line => line[1], static line => long.Parse(line[0], CultureInfo.InvariantCulture));
        var failed = 0;
        foreach (var (name, value) in measured)
        {
            expected.Remove(name, out var baseline);
            var tolerance = name.StartsWith("bytes", StringComparison.Ordinal) ? Tolerance : 0;
            var verdict = value > baseline + tolerance ? "MORE" : value < baseline - tolerance ? "less" : "";
            failed += verdict == "MORE" ? 1 : 0;
            Console.WriteLine($"{verdict,4} {value,8} {baseline,8} {name}");
        }

        foreach (var (name, _) in expected)
            Console.WriteLine($"Not measured: {name}");
        if (failed == 0 && expected.Count == 0)
            return 0;
        Console.WriteLine($"{failed} steps cost more than the list says (measured, list). If that is intended, write the list anew:");
        Console.WriteLine("  dotnet run -c Release --project benchmarks/micro/ChatKit.Benchmarks -- guard update");
        return 1;
    }

    private static int RunAgain(bool update)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, update ? ["guard", "update"] : ["guard"]);
        foreach (var (name, value) in Settings)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode;
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ChatKit.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The program is not in the repository.");
        return folder;
    }
}

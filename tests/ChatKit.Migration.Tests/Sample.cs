using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;

namespace ChatKit.Migration.Tests;

/// <summary>A sample as a process, which listens on a port of its own.</summary>
internal sealed partial class Sample : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ServerOutput _output = new(ListensOn());

    private Sample(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development"; // As with dotnet run, which serves the files of the web root from the source.
        _process = ChildProcess.Start(start);
        _process.OutputDataReceived += (_, line) => OnOutput(line.Data);
        _process.ErrorDataReceived += (_, line) => OnOutput(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public Uri Address { get; private set; } = null!;

    /// <summary>Starts a sample of .NET.</summary>
    public static Task<Sample> StartAsync(string name, params string[] arguments)
    {
        var assembly = typeof(Sample).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == name).Value!;
        return StartAsync(new ProcessStartInfo("dotnet", [assembly, "--urls", "http://127.0.0.1:0", .. arguments]));
    }

    /// <summary>Starts a program that prints where it listens, and waits until it does.</summary>
    public static async Task<Sample> StartAsync(ProcessStartInfo start)
    {
        var sample = new Sample(start);
        sample.Address = await sample._output.ListensAsync(sample);
        return sample;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private void OnOutput(string? line)
    {
        if (line is not null)
            _output.Add(line);
    }

    [GeneratedRegex("[Ll]istening on:? (http://\\S+)")]
    private static partial Regex ListensOn();
}

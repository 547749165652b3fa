using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;

namespace ChatKit.Migration.Tests;

/// <summary>A sample as a process, which listens on a port of its own.</summary>
internal sealed partial class Sample : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _output = [];
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

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

    public Uri Address => _address.Task.Result;

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
        try
        {
            await sample._address.Task.Soon();
            return sample;
        }
        catch (TimeoutException)
        {
            await sample.DisposeAsync();
            throw new TimeoutException($"The sample did not start. It printed:\n{sample.Output()}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private string Output()
    {
        lock (_output)
            return string.Join('\n', _output);
    }

    private void OnOutput(string? line)
    {
        if (line is null)
            return;
        lock (_output)
            _output.Add(line);
        if (ListensOn().Match(line) is { Success: true } match)
            _address.TrySetResult(new Uri(match.Groups[1].Value));
    }

    [GeneratedRegex("[Ll]istening on:? (http://\\S+)")]
    private static partial Regex ListensOn();
}

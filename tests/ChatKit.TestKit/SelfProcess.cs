using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace ChatKit.TestKit;

/// <summary>
/// A test program that is started again as another process, for example as the server. It should end at the end of its standard input, so
/// that it does not outlive the process that started it.
/// </summary>
public sealed class SelfProcess : IAsyncDisposable
{
    private readonly Process _process;

    private SelfProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The standard input of the process.</summary>
    public StreamWriter Input => _process.StandardInput;

    /// <param name="program">The program.</param>
    /// <param name="arguments">The command line.</param>
    /// <param name="onOutput">Receives each line of standard output.</param>
    /// <param name="onError">Receives each line of standard error.</param>
    /// <param name="yields">Whether it runs at low priority.</param>
    /// <param name="variables">Additional environment variables.</param>
    public static SelfProcess Start(
        Assembly program,
        IEnumerable<string> arguments,
        Action<string> onOutput,
        Action<string> onError,
        bool yields = false,
        IEnumerable<KeyValuePair<string, string>>? variables = null)
    {
        string[] command = [.. yields ? new[] { "nice", "-n", "19" } : [], "dotnet", program.Location, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in variables ?? [])
            start.Environment[name] = value;
        var process = ChildProcess.Start(start);
        process.OutputDataReceived += (_, line) => Pass(line.Data, onOutput);
        process.ErrorDataReceived += (_, line) => Pass(line.Data, onError);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new SelfProcess(process);
    }

    /// <summary>Waits until a process accepts connections on a loopback port.</summary>
    public static Task UntilAcceptsAsync(int port) => Patience.UntilAsync(() => AcceptsAsync(port), $"port {port} takes connections");

    /// <summary>The process with its current memory and handles.</summary>
    public Process Look()
    {
        _process.Refresh();
        return _process;
    }

    /// <summary>Waits for the end of the process.</summary>
    public Task WaitForExitAsync() => _process.WaitForExitAsync(CancellationToken.None);

    /// <summary>Kills the process.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await WaitForExitAsync();
        _process.Dispose();
    }

    private static void Pass(string? line, Action<string> take)
    {
        if (line is not null)
            take(line);
    }

    private static async Task<bool> AcceptsAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

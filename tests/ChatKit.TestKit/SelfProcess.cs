using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace ChatKit.TestKit;

/// <summary>
/// A test program started once more, to be the server, or somebody else. It should end when its standard input does, so that nothing
/// is left running whatever becomes of the one who has started it.
/// </summary>
public sealed class SelfProcess : IAsyncDisposable
{
    private readonly Process _process;

    private SelfProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it reads.</summary>
    public StreamWriter Input => _process.StandardInput;

    /// <param name="program">The program.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="onOutput">Is given each line that it writes.</param>
    /// <param name="onError">Is given each line that it writes to standard error.</param>
    /// <param name="yields">Whether it only gets the processor when nobody else wants it.</param>
    /// <param name="variables">More of its environment.</param>
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

    /// <summary>Waits until somebody takes connections on a port of the loopback.</summary>
    public static Task UntilAcceptsAsync(int port) => Patience.UntilAsync(() => AcceptsAsync(port), $"port {port} takes connections");

    /// <summary>The process as it is now: its memory, its handles.</summary>
    public Process Look()
    {
        _process.Refresh();
        return _process;
    }

    /// <summary>Waits for its end.</summary>
    public Task WaitForExitAsync() => _process.WaitForExitAsync(CancellationToken.None);

    /// <summary>Ends it without warning.</summary>
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

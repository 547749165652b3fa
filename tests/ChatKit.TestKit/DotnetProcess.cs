using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Threading.Channels;

namespace ChatKit.TestKit;

/// <summary>
/// A .NET program in a process of its own. Often it is the test program itself, started once more to be the server, or somebody else.
/// </summary>
public sealed class DotnetProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    private DotnetProcess(Process process, Action<string>? onOutput, Action<string> onError)
    {
        _process = process;
        var takeOutput = onOutput ?? (line => _lines.Writer.TryWrite(line));
        process.OutputDataReceived += (_, line) => Pass(line.Data, takeOutput);
        process.ErrorDataReceived += (_, line) => Pass(line.Data, onError);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The standard input of the process.</summary>
    public StreamWriter Input => _process.StandardInput;

    /// <param name="program">The program.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="onOutput">Is given each line that it writes; null if <see cref="ReadLineAsync"/> gives them.</param>
    /// <param name="onError">Is given each line that it writes to standard error.</param>
    /// <param name="yields">Whether it only gets the processor when nobody else wants it.</param>
    /// <param name="variables">More of its environment.</param>
    public static DotnetProcess Start(
        Assembly program,
        IEnumerable<string> arguments,
        Action<string>? onOutput,
        Action<string> onError,
        bool yields = false,
        IEnumerable<KeyValuePair<string, string>>? variables = null) =>
        Start(program.Location, arguments, onOutput, onError, yields, variables);

    /// <summary>Starts a program whose assembly is a file.</summary>
    public static DotnetProcess Start(
        string program,
        IEnumerable<string> arguments,
        Action<string>? onOutput,
        Action<string> onError,
        bool yields = false,
        IEnumerable<KeyValuePair<string, string>>? variables = null)
    {
        string[] command = [.. yields ? new[] { "nice", "-n", "19" } : [], "dotnet", program, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in variables ?? [])
            start.Environment[name] = value;
        return new DotnetProcess(ChildProcess.Start(start), onOutput, onError);
    }

    /// <summary>Waits until a process accepts connections on a loopback port.</summary>
    public static Task UntilAcceptsAsync(int port) => Patience.UntilAsync(() => AcceptsAsync(port), $"port {port} accepts connections");

    /// <summary>Waits for the next line that it writes.</summary>
    /// <param name="limit">For how long; null = as long as a test waits for anything.</param>
    /// <exception cref="TimeoutException">It has written none within the limit.</exception>
    public async Task<string> ReadLineAsync(TimeSpan? limit = null)
    {
        // Cancels the read at the limit: one that was only given up would take the next line from whoever asks later.
        using var late = new CancellationTokenSource(limit ?? Patience.Limit);
        try
        {
            return await _lines.Reader.ReadAsync(late.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException("The process has written nothing.", e);
        }
    }

    /// <summary>The process as it is now: its memory, its handles, its exit code.</summary>
    public Process Look()
    {
        _process.Refresh();
        return _process;
    }

    /// <summary>Waits for the end of the process.</summary>
    public Task WaitForExitAsync() => _process.WaitForExitAsync(CancellationToken.None);

    /// <summary>Ends it without warning, if it has not ended, and waits until it has.</summary>
    public Task KillAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        return WaitForExitAsync();
    }

    /// <summary>Ends it without warning.</summary>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
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

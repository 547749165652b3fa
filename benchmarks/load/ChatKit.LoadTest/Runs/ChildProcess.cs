using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ChatKit.LoadTest.Runs;

/// <summary>A process that runs on one processor until it is disposed.</summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The running processes, which must not outlive a stopped run.</summary>
    private static readonly ConcurrentDictionary<ChildProcess, bool> Running = new();

    private readonly Process _process;

    /// <summary>The last lines of its output.</summary>
    private readonly Queue<string> _said = new();

    static ChildProcess() => AppDomain.CurrentDomain.ProcessExit += static (_, _) =>
    {
        foreach (var child in Running.Keys)
            child.Dispose();
    };

    private ChildProcess(Process process)
    {
        _process = process;
        Running[this] = true;
        process.ErrorDataReceived += (_, line) => Remember(line.Data);
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    /// <summary>The last lines on standard error.</summary>
    public string Said
    {
        get
        {
            lock (_said)
                return string.Join('\n', _said);
        }
    }

    public static ChildProcess Start(
        int core, string file, string[] arguments, IEnumerable<KeyValuePair<string, string>>? variables = null)
    {
        var (program, all) = Cores.Pin(core, file, arguments);
        var start = new ProcessStartInfo(program, all) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in variables ?? [])
            start.Environment[name] = value;
        return new ChildProcess(Process.Start(start)!);
    }

    /// <summary>Starts a server and waits until it accepts connections.</summary>
    public static ChildProcess StartServer(
        int core, int port, string file, string[] arguments, IEnumerable<KeyValuePair<string, string>>? variables = null)
    {
        var child = Start(core, file, arguments, variables);
        child._process.OutputDataReceived += (_, line) => child.Remember(line.Data);
        child._process.BeginOutputReadLine();
        var start = Stopwatch.GetTimestamp();
        while (!Accepts(port))
        {
            if (child._process.HasExited || Stopwatch.GetElapsedTime(start) > StartTimeout)
            {
                child.Dispose();
                throw new IOException($"The server did not start: {child.Said}");
            }

            Thread.Sleep(50);
        }

        return child;
    }

    /// <summary>Waits until the process has ended. Returns its output; null if it has failed.</summary>
    public string? ReadToEnd()
    {
        var output = _process.StandardOutput.ReadToEnd();
        _process.WaitForExit();
        return _process.ExitCode == 0 ? output : null;
    }

    public void Dispose()
    {
        if (!Running.TryRemove(this, out _))
            return;
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool Accepts(int port)
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Remember(string? line)
    {
        if (line is null)
            return;

        lock (_said)
        {
            _said.Enqueue(line);
            if (_said.Count > 20)
                _said.Dequeue();
        }
    }
}

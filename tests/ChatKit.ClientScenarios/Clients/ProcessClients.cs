using System.Collections.Concurrent;
using System.Diagnostics;

namespace ChatKit.ClientScenarios.Clients;

/// <summary>Drivers that are processes. A scenario takes over the process of an earlier one, because each start costs time.</summary>
internal sealed class ProcessClients(string name, Func<string[]> command) : IClients
{
    private const string Close = """{"command":"close"}""";

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(3);

    private readonly ConcurrentStack<ProcessLines> _idle = [];

    public string Name => name;

    public async Task<Lines> OpenAsync(Uri server)
    {
        if (_idle.TryPop(out var idle))
            return idle;
        var lines = new ProcessLines(command());
        await lines.UntilReadyAsync(Waiting.Limit);
        return lines;
    }

    public async Task ReleaseAsync(Lines lines)
    {
        var process = (ProcessLines)lines;
        try
        {
            await process.WriteAsync(Close);
            await process.UntilReadyAsync(CloseLimit);
            _idle.Push(process);
        }
        catch (Exception e) when (e is IOException or TimeoutException or OperationCanceledException or InvalidOperationException)
        {
            await process.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_idle.TryPop(out var process))
            await process.DisposeAsync();
    }

    private sealed class ProcessLines : Lines
    {
        private readonly Process _process;
        private readonly SemaphoreSlim _writing = new(1);
        private readonly SemaphoreSlim _ready = new(0);
        private readonly ConcurrentQueue<string> _errors = [];
        private int _due = 1; // how many times the driver prints 'ready' until it takes the next command

        public ProcessLines(string[] command)
        {
            _process = ChildProcess.Start(new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            _process.OutputDataReceived += (_, line) => TakeOutput(line.Data);
            _process.ErrorDataReceived += (_, line) => _errors.Enqueue(line.Data ?? "");
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        /// <summary>Waits until the driver takes <c>connect</c>.</summary>
        public async Task UntilReadyAsync(TimeSpan limit)
        {
            for (; _due > 0; _due--)
            {
                if (!await _ready.WaitAsync(limit))
                    throw new TimeoutException($"The driver has not printed the event 'ready'. {string.Join('\n', _errors)}");
            }

            if (_process.HasExited)
                throw new InvalidOperationException($"The driver has ended with the exit code {_process.ExitCode}. {string.Join('\n', _errors)}");
        }

        public override async Task WriteAsync(string line)
        {
            await _writing.WaitAsync();
            try
            {
                if (line == Close)
                    _due++;
                await _process.StandardInput.WriteLineAsync(line);
                await _process.StandardInput.FlushAsync();
            }
            finally
            {
                _writing.Release();
            }
        }

        public override async ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        private void TakeOutput(string? line)
        {
            // Without a line, the driver has ended.
            if (line is null || IsReady(line))
                _ready.Release();
            else
                Take(line);
        }
    }
}

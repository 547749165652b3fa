using System.Collections.Concurrent;
using System.Diagnostics;

namespace ChatKit.ClientScenarios.Clients;

/// <summary>Drivers that are processes.</summary>
internal sealed class ProcessClients(string name, Func<string[]> command) : DriverPool(name)
{
    protected override Task<Lines> StartAsync() => Task.FromResult<Lines>(new ProcessLines(command()));

    private sealed class ProcessLines : Lines
    {
        private readonly Process _process;
        private readonly SemaphoreSlim _writing = new(1);
        private readonly ConcurrentQueue<string> _errors = [];

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

        public override async Task UntilReadyAsync(TimeSpan limit)
        {
            try
            {
                await base.UntilReadyAsync(limit);
            }
            catch (TimeoutException e)
            {
                throw new TimeoutException($"{e.Message} {string.Join('\n', _errors)}", e);
            }

            if (_process.HasExited)
                throw new InvalidOperationException($"The driver has ended with the exit code {_process.ExitCode}. {string.Join('\n', _errors)}");
        }

        public override async ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        protected override async Task SendAsync(string line)
        {
            await _writing.WaitAsync();
            try
            {
                await _process.StandardInput.WriteLineAsync(line);
                await _process.StandardInput.FlushAsync();
            }
            finally
            {
                _writing.Release();
            }
        }

        private void TakeOutput(string? line)
        {
            if (line is null)
                End();
            else
                Take(line);
        }
    }
}

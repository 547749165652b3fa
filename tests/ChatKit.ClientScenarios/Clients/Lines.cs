using System.Text.RegularExpressions;

namespace ChatKit.ClientScenarios.Clients;

/// <summary>A driver: it reads commands, and writes events, one JSON object per line. README.md describes them.</summary>
internal abstract partial class Lines : IAsyncDisposable
{
    public const string Close = """{"command":"close"}""";

    private readonly SemaphoreSlim _ready = new(0);
    private volatile Action<string>? _listener;
    private int _due = 1; // how many times the driver writes 'ready' until it takes the next command

    /// <summary>Sets what gets the lines that the driver writes from now on, except the event <c>ready</c>.</summary>
    public void Listen(Action<string> listener) => _listener = listener;

    public async Task WriteAsync(string line)
    {
        if (line == Close)
            Interlocked.Increment(ref _due);
        await SendAsync(line);
    }

    /// <summary>Waits until the driver takes <c>connect</c>.</summary>
    public virtual async Task UntilReadyAsync(TimeSpan limit)
    {
        for (; _due > 0; Interlocked.Decrement(ref _due))
        {
            if (!await _ready.WaitAsync(limit))
                throw new TimeoutException("The driver has not written the event 'ready'.");
        }
    }

    public abstract ValueTask DisposeAsync();

    protected abstract Task SendAsync(string line);

    /// <summary>The driver has written a line.</summary>
    protected void Take(string line)
    {
        if (Ready().IsMatch(line))
            _ready.Release();
        else
            _listener?.Invoke(line);
    }

    /// <summary>The driver has ended, and nobody needs to wait for it.</summary>
    protected void End() => _ready.Release();

    [GeneratedRegex("""^\s*\{\s*"event"\s*:\s*"ready"\s*\}\s*$""")]
    private static partial Regex Ready();
}

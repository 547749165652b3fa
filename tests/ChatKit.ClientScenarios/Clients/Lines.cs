using System.Text.RegularExpressions;

namespace ChatKit.ClientScenarios.Clients;

/// <summary>A driver: it reads commands, and writes events, one JSON object per line. README.md describes them.</summary>
internal abstract partial class Lines : IAsyncDisposable
{
    private volatile Action<string>? _listener;

    /// <summary>Sets what gets the lines that the driver writes from now on, except the event <c>ready</c>.</summary>
    public void Listen(Action<string> listener) => _listener = listener;

    public abstract Task WriteAsync(string line);

    public abstract ValueTask DisposeAsync();

    /// <summary>Whether a line is the event <c>ready</c>.</summary>
    protected static bool IsReady(string line) => Ready().IsMatch(line);

    /// <summary>The driver has written a line.</summary>
    protected void Take(string line) => _listener?.Invoke(line);

    [GeneratedRegex("""^\s*\{\s*"event"\s*:\s*"ready"\s*\}\s*$""")]
    private static partial Regex Ready();
}

/// <summary>Starts drivers of one client.</summary>
internal interface IClients : IAsyncDisposable
{
    /// <summary>The name of the client, as in <see cref="KnownDeviations"/>.</summary>
    string Name { get; }

    /// <summary>Returns a driver that takes <c>connect</c>.</summary>
    /// <param name="server">The address of the server of the scenario.</param>
    Task<Lines> OpenAsync(Uri server);

    /// <summary>The scenario has ended, well or not.</summary>
    Task ReleaseAsync(Lines lines);
}

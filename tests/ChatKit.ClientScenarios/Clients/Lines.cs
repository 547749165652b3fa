using System.Threading.Channels;

namespace ChatKit.ClientScenarios.Clients;

/// <summary>A driver: it reads commands, and writes events, one JSON object per line. README.md describes them.</summary>
internal abstract class Lines : IAsyncDisposable
{
    private readonly Channel<string> _output = Channel.CreateUnbounded<string>();

    /// <summary>What the driver writes.</summary>
    public ChannelReader<string> Output => _output.Reader;

    public abstract Task WriteAsync(string line);

    public abstract ValueTask DisposeAsync();

    /// <summary>The driver has written a line.</summary>
    protected void Take(string line) => _output.Writer.TryWrite(line);

    /// <summary>The driver has ended.</summary>
    protected void End() => _output.Writer.TryComplete();
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

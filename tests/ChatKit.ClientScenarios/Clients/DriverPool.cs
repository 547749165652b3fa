using System.Collections.Concurrent;

namespace ChatKit.ClientScenarios.Clients;

/// <summary>Drivers of one client. A scenario takes over the driver of an earlier one, because each start costs time.</summary>
internal abstract class DriverPool(string name) : IAsyncDisposable
{
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(3);

    private readonly ConcurrentStack<Lines> _idle = [];

    /// <summary>The name of the client, as in <see cref="KnownDeviations"/>.</summary>
    public string Name => name;

    /// <summary>Returns a driver that takes <c>connect</c>.</summary>
    public async Task<Lines> OpenAsync()
    {
        if (_idle.TryPop(out var idle))
            return idle;
        var lines = await StartAsync();
        await lines.UntilReadyAsync(Waiting.Limit);
        return lines;
    }

    /// <summary>The scenario has ended, well or not.</summary>
    public async Task ReleaseAsync(Lines lines)
    {
        try
        {
            await lines.WriteAsync(Lines.Close);
            await lines.UntilReadyAsync(CloseLimit);
            _idle.Push(lines);
        }
        catch (Exception)
        {
            // Whatever it is, the next scenario shouldn't suffer from it.
            await lines.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_idle.TryPop(out var lines))
            await lines.DisposeAsync();
    }

    protected abstract Task<Lines> StartAsync();
}

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.Connections;

/// <summary>
/// Closes the connections when the host stops, before anything else in the host stops: the server still answers health checks, and the
/// store is still available for the last messages.
/// </summary>
/// <param name="connections">The connections of this node.</param>
/// <param name="options">Sets the time over which the connections are closed.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">The logger.</param>
/// <param name="lifetime">
/// The host's lifetime; null without a host. Nothing calls this class then, but the container can still create it.
/// </param>
internal sealed class ConnectionDrain(
    ConnectionRegistry connections,
    IOptions<ChatKitOptions> options,
    TimeProvider clock,
    ILogger<WebSocketHandlerRunner> logger,
    IHostApplicationLifetime? lifetime = null) : IHostedLifecycleService
{
    private static readonly TimeSpan WaveInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// A wave of this size does not overload the nodes that take the clients over, and a small application does not have to wait.
    /// </summary>
    private const int SmallestWave = 100;

    private readonly Lock _gate = new();
    private Task? _draining;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Closes all connections. Returns when they have ended, or when the host stops waiting. Further calls return the same task.
    /// </summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        // After a signal, the host is stopping already. If the application calls StopAsync(), the host would only do this later. Stopping
        // makes the server refuse new requests, and lets health checks take the node out of rotation.
        lifetime?.StopApplication();
        lock (_gate)
            return _draining ??= DrainAsync(cancellationToken);
    }

    /// <summary>For a host that does not support <see cref="StoppingAsync"/>.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => StoppingAsync(cancellationToken);

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task DrainAsync(CancellationToken hurry)
    {
        var (open, ended) = connections.Close();
        if (open.Length == 0)
            return;

        logger.Draining(open.Length, options.Value.DrainTime);
        Random.Shared.Shuffle(open);
        try
        {
            await CloseInWavesAsync(open, hurry).ConfigureAwait(false);
            await ended.WaitAsync(hurry).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Abort();
        }
    }

    private async Task CloseInWavesAsync(INodeConnection[] open, CancellationToken hurry)
    {
        var start = clock.GetTimestamp();
        var waves = Math.Max(1, (int)(options.Value.DrainTime / WaveInterval));
        var size = Math.Max(SmallestWave, (open.Length + waves - 1) / waves);
        var due = TimeSpan.Zero;
        foreach (var wave in open.Chunk(size))
        {
            // Measured from the start, so that the time that each wave takes does not add up.
            if (due - clock.GetElapsedTime(start) is { Ticks: > 0 } wait)
                await Task.Delay(wait, clock, hurry).ConfigureAwait(false);
            foreach (var connection in wave)
                connection.CloseForRestart();
            due += WaveInterval;
        }
    }

    /// <summary>Aborts the remaining connections, because the host no longer waits.</summary>
    private void Abort()
    {
        var left = connections.Snapshot();
        logger.DrainCutShort(left.Length);
        foreach (var connection in left)
        {
            connection.CloseForRestart();
            connection.Abort();
        }
    }
}

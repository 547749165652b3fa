using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.Connections;

/// <summary>
/// Closes the connections when the host stops, before anything else of it does: the server still answers whoever asks for its health, the
/// store is still there for the last messages.
/// </summary>
/// <param name="connections">The connections of this node.</param>
/// <param name="options">Over what time they are closed.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">For what happens.</param>
/// <param name="lifetime">Null without a host; then nobody calls this either, but the container can be built.</param>
internal sealed class ConnectionDrain(
    ConnectionRegistry connections,
    IOptions<ChatKitOptions> options,
    TimeProvider clock,
    ILogger<WebSocketHandlerRunner> logger,
    IHostApplicationLifetime? lifetime = null) : IHostedLifecycleService
{
    private static readonly TimeSpan WaveInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>So many at a time are no burden to whoever takes them over, and a small application need not wait.</summary>
    private const int SmallestWave = 100;

    private readonly Lock _gate = new();
    private Task? _draining;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Closes all connections. Returns when they have ended, or the host waits no longer; whoever calls it again waits for the same.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        // On a signal it is said already; if the application calls StopAsync(), only after this. New requests are refused by it, and health
        // checks may say by it that the node is to get no more of them.
        lifetime?.StopApplication();
        lock (_gate)
            return _draining ??= DrainAsync(cancellationToken);
    }

    /// <summary>For a host that does not know the other callback.</summary>
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
            // By the clock, so that the time which a wave takes does not add up.
            if (due - clock.GetElapsedTime(start) is { Ticks: > 0 } wait)
                await Task.Delay(wait, clock, hurry).ConfigureAwait(false);
            foreach (var connection in wave)
                connection.CloseForRestart();
            due += WaveInterval;
        }
    }

    /// <summary>The host waits no longer.</summary>
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

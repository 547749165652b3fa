using ChatKit.Rooms;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.Connections;

/// <summary>
/// Closes the connections when the host stops, before anything else in the host stops: the server still answers health checks, and the
/// store is still available for the last messages. If there are other nodes, clients that can open their next connection before this one
/// ends are served until they have done so, or until the drain time has passed.
/// </summary>
/// <param name="connections">The connections of this node.</param>
/// <param name="others">The other nodes.</param>
/// <param name="options">Sets the time over which the connections are closed.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">The logger.</param>
/// <param name="lifetime">
/// The host's lifetime; null without a host. Nothing calls this class then, but the container can still create it.
/// </param>
internal sealed class ConnectionDrain(
    ConnectionRegistry connections,
    OtherNodes others,
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

    /// <summary>Doesn't wait for the store, without which the host starts too.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = Task.Run(others.JoinAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

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

        var (start, time) = (clock.GetTimestamp(), options.Value.DrainTime);
        logger.Draining(open.Length, time);
        Random.Shared.Shuffle(open);
        try
        {
            // The second half of the time remains for those that fail once, or have much to catch up with.
            var canMove = time > TimeSpan.Zero && await others.ExistAsync(hurry).ConfigureAwait(false);
            var moving = canMove ? Array.FindAll(open, connection => connection.TryAnnounceRestart(time / 2)) : [];
            await CloseInWavesAsync([.. open.Except(moving)], start, hurry).ConfigureAwait(false);
            if (moving.Length > 0)
            {
                await Task.WhenAny(ended, DelayAsync(start, time, hurry)).ConfigureAwait(false);
                foreach (var connection in moving)
                    connection.CloseForRestart();
            }

            await ended.WaitAsync(hurry).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Abort();
        }
    }

    private async Task CloseInWavesAsync(INodeConnection[] open, long start, CancellationToken hurry)
    {
        var waves = Math.Max(1, (int)(options.Value.DrainTime / WaveInterval));
        var size = Math.Max(SmallestWave, (open.Length + waves - 1) / waves);
        var due = TimeSpan.Zero;
        foreach (var wave in open.Chunk(size))
        {
            await DelayAsync(start, due, hurry).ConfigureAwait(false);
            foreach (var connection in wave)
                connection.CloseForRestart();
            due += WaveInterval;
        }
    }

    /// <summary>Waits until a time after the start, so that the time that each step takes does not add up.</summary>
    private Task DelayAsync(long start, TimeSpan due, CancellationToken hurry) =>
        due - clock.GetElapsedTime(start) is { Ticks: > 0 } wait ? Task.Delay(wait, clock, hurry) : Task.CompletedTask;

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

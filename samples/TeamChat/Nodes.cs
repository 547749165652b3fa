using System.Collections.Concurrent;

namespace TeamChat;

/// <summary>The nodes of this process, which can be stopped and started while the others run.</summary>
internal sealed class Nodes(Func<string, WebApplication> create) : IHostedLifecycleService, IDisposable
{
    private readonly ConcurrentDictionary<string, WebApplication> _running = new();
    private readonly SemaphoreSlim _changing = new(1);

    public IReadOnlyList<(string Name, Uri Address)> All { get; } =
        [.. new[] { "A", "B" }.Select(static name => (name, new Uri($"http://127.0.0.1:{Ports.Free()}")))];

    public bool IsRunning(string name) => _running.ContainsKey(name);

    public async Task StartAsync(string name)
    {
        await _changing.WaitAsync();
        try
        {
            if (IsRunning(name))
                return;
            var address = All.Single(one => one.Name == name).Address;
            var node = create(name);
            node.Urls.Add(address.AbsoluteUri);
            await node.StartAsync();
            _running[name] = node;
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Stops a node.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="isKilled">Whether it ends at once, as in a crash, instead of moving its clients to other nodes.</param>
    public async Task StopAsync(string name, bool isKilled)
    {
        await _changing.WaitAsync();
        try
        {
            if (!_running.TryRemove(name, out var node))
                return;
            await using (node)
                await node.StopAsync(new CancellationToken(isKilled));
        }
        catch (OperationCanceledException) when (isKilled)
        {
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Starts the nodes before the proxy.</summary>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.WhenAll(All.Select(node => StartAsync(node.Name)));

    /// <summary>Ends the nodes, and with them all connections, before the proxy, which would wait for these.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.WhenAll(All.Select(node => StopAsync(node.Name, isKilled: true)));

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _changing.Dispose();
}

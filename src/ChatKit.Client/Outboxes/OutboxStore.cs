using ChatKit.Client.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ChatKit.Client.Outboxes;

/// <summary>Calls the storage, one operation after the other.</summary>
internal sealed class OutboxStore(IOutboxStorage storage, ILogger logger)
{
    private readonly Lock _gate = new();
    private Task _last = Task.CompletedTask;

    public Task<IReadOnlyList<StoredMessage>> LoadAsync()
    {
        var loading = new TaskCompletionSource<IReadOnlyList<StoredMessage>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = Enqueue(async () =>
        {
            try
            {
                loading.SetResult(await storage.LoadAsync(CancellationToken.None).ConfigureAwait(false));
            }
            catch (Exception e)
            {
                loading.SetException(e);
            }
        });
        return loading.Task;
    }

    /// <summary>The task fails if the storage does.</summary>
    public Task SaveAsync(StoredMessage message) => Enqueue(() => storage.SaveAsync(message, CancellationToken.None));

    /// <summary>Saves a message that is about to be sent. If that fails, it is in memory only.</summary>
    public Task MarkAsync(StoredMessage message) => Enqueue(() => TryAsync(() => storage.SaveAsync(message, CancellationToken.None)));

    public void Remove(string reference) => _ = Enqueue(() => TryAsync(() => storage.RemoveAsync(reference, CancellationToken.None)));

    /// <summary>Ends when all operations have ended.</summary>
    public Task DisposeAsync() => Enqueue(() => TryAsync(() => storage.DisposeAsync().AsTask()));

    private Task Enqueue(Func<Task> operation)
    {
        lock (_gate)
        {
            var last = _last;
            return _last = Task.Run(() => RunAsync(last, operation));
        }
    }

    private static async Task RunAsync(Task last, Func<Task> operation)
    {
        await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await operation().ConfigureAwait(false);
    }

    private async Task TryAsync(Func<Task> operation)
    {
        try
        {
            await operation().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            ClientLog.StorageFailed(logger, e);
        }
    }
}

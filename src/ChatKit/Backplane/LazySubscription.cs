namespace ChatKit.Backplane;

/// <summary>A subscription that begins when it is first needed. If it fails, it is tried again the next time.</summary>
internal sealed class LazySubscription(IBackplane backplane)
{
    private readonly Lock _gate = new();
    private Task<IAsyncDisposable>? _subscription;

    /// <summary>Completes when the subscription has begun.</summary>
    public Task StartAsync(string room, IBackplaneSubscriber subscriber)
    {
        lock (_gate)
        {
            if (_subscription is null or { IsFaulted: true } or { IsCanceled: true })
                _subscription = backplane.SubscribeAsync(room, subscriber).AsTask();
            return _subscription;
        }
    }

    public async ValueTask EndAsync()
    {
        if (_subscription is { IsCompletedSuccessfully: true } subscription)
            await (await subscription.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
    }
}

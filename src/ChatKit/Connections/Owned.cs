namespace ChatKit.Connections;

/// <summary>What a connection owns: its handler, and the handler's filters. They need not be disposable.</summary>
internal static class Owned
{
    public static async ValueTask DisposeAsync(object owned)
    {
        if (owned is IAsyncDisposable asyncDisposable)
            await asyncDisposable.DisposeAsync().ConfigureAwait(false);
        else if (owned is IDisposable disposable)
            disposable.Dispose();
    }
}

using System.IO.Pipelines;

namespace ChatKit.Connections.Transport;

/// <summary>Awaits the flushes of a pipe whose reader can end.</summary>
internal static class PipeFlush
{
    /// <exception cref="IOException">Nothing is read from the pipe any more.</exception>
    public static ValueTask CompleteAsync(ValueTask<FlushResult> flushing)
    {
        if (!flushing.IsCompletedSuccessfully)
            return AwaitAsync(flushing);
        ThrowIfEnded(flushing.Result);
        return ValueTask.CompletedTask;
    }

    private static async ValueTask AwaitAsync(ValueTask<FlushResult> flushing) => ThrowIfEnded(await flushing.ConfigureAwait(false));

    private static void ThrowIfEnded(FlushResult result)
    {
        if (result.IsCanceled || result.IsCompleted)
            throw new IOException("The connection has ended.");
    }
}

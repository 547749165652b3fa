using System.Collections.Concurrent;
using ChatKit.AspNetCore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Sockets;

/// <summary>The batches that threads use, one after the other. The system may not allow them.</summary>
internal sealed class SendBatches(ILogger<SendBatches> logger) : IWriteBatching, IDisposable
{
    private readonly ConcurrentStack<SendBatch> _free = new();
    private volatile bool _isOver;

    /// <summary>Creates the rings. A test replaces it.</summary>
    public Func<ISendRing> CreateRing { get; init; } = static () => new IoUring();

    public IDisposable? Begin()
    {
        if (_isOver || SendBatch.Current is not null)
            return null;
        BatchScheduling.LeaveOnPool();
        if (!_free.TryPop(out var batch) && (batch = TryCreate()) is null)
            return null;
        batch.Begin();
        return batch;
    }

    public void Dispose()
    {
        _isOver = true;
        CloseFree();
    }

    private SendBatch? TryCreate()
    {
        try
        {
            return new SendBatch(CreateRing(), OnEnd);
        }
        catch (Exception e) when (e is IOException or OutOfMemoryException)
        {
            GiveUp(e.Message);
            return null;
        }
    }

    private void OnEnd(SendBatch batch, bool works)
    {
        if (works)
            _free.Push(batch);
        else
        {
            batch.Close();
            GiveUp("It has failed.");
        }

        if (_isOver)
            CloseFree();
    }

    private void GiveUp(string reason)
    {
        if (_isOver)
            return;
        _isOver = true;
        logger.NoBatches(reason);
        CloseFree();
    }

    private void CloseFree()
    {
        while (_free.TryPop(out var batch))
            batch.Close();
    }
}

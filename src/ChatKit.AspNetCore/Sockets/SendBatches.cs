using System.Collections.Concurrent;
using System.Net.Sockets;
using ChatKit.AspNetCore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Sockets;

/// <summary>The batches that threads use, one after the other. The system may not allow them.</summary>
internal sealed class SendBatches(ILogger<SendBatches> logger) : IWriteBatching
{
    /// <summary>A thread gets the batch that it used last, if that is free, and no turn allocates.</summary>
    private readonly ConcurrentBag<SendBatch> _free = [];
    private volatile bool _hasWorked;
    private int _isOver;

    /// <summary>Creates the rings. A test replaces it.</summary>
    public Func<ISendRing> CreateRing { get; init; } = static () => new IoUring();

    private bool IsOver => Volatile.Read(ref _isOver) != 0;

    public IDisposable? Begin()
    {
        if (IsOver || SendBatch.Current is not null)
            return null;
        BatchScheduling.LeaveOnPool();
        if (!_free.TryTake(out var batch) && (batch = TryCreate()) is null)
            return null;
        batch.Begin();
        return batch;
    }

    public bool TryAdd(Socket socket, ReadOnlySpan<byte> bytes, IBatchedWriter writer)
    {
        if (SendBatch.Current is not { } batch)
            return false;
        batch.Reserve(bytes.Length);
        return batch.TryAdd(writer, socket.SafeHandle, bytes);
    }

    public void Dispose()
    {
        Volatile.Write(ref _isOver, 1);
        CloseFree();
    }

    private SendBatch? TryCreate()
    {
        try
        {
            var batch = new SendBatch(CreateRing, OnEnd);
            _hasWorked = true;
            return batch;
        }
        catch (Exception e) when (e is IOException or OutOfMemoryException)
        {
            // Later, there may be resources for one more.
            if (!_hasWorked)
                GiveUp(e.Message);
            return null;
        }
    }

    private void OnEnd(SendBatch batch, bool works)
    {
        if (works)
            _free.Add(batch);
        else
        {
            batch.Close();
            GiveUp("It has failed.");
        }

        if (IsOver)
            CloseFree();
    }

    private void GiveUp(string reason)
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
            return;
        CloseFree();
        try
        {
            logger.NoBatches(reason);
        }
        catch
        {
            // The room goes on to deliver.
        }
    }

    private void CloseFree()
    {
        while (_free.TryTake(out var batch))
            batch.Close();
    }
}

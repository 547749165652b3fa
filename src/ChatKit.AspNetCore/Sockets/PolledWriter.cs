using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using Microsoft.AspNetCore.Connections;

namespace ChatKit.AspNetCore.Sockets;

/// <summary>
/// Writes a socket, on the thread that flushes. The loop sends what the network doesn't accept at once, and a flush completes when all is
/// sent, or is in a batch of this thread. The object is its own lock.
/// </summary>
internal sealed class PolledWriter(PolledSocket socket) : PipeWriter, IPolled, IBatchedWriter, IValueTaskSource<FlushResult>
{
    private const int SmallestBuffer = 4 * 1024;

    /// <summary>What is sent at once. The loop sends the rest, in turns with other sockets.</summary>
    private const int MostAtOnce = 256 * 1024;

    private ManualResetValueTaskSourceCore<FlushResult> _wait = new() { RunContinuationsAsynchronously = true };

    /// <summary>What was written since the last flush. Only the thread that writes uses it.</summary>
    private PooledBytes _written;

    /// <summary>What is being sent.</summary>
    private UnsentBytes _rest;

    private TaskCompletionSource? _sent;

    /// <summary>Whether bytes are in a batch, which belong before the rest.</summary>
    private volatile bool _isInBatch;

    private bool _isWaiting;
    private bool _isCanceled;
    private bool _isCompleted;
    private bool _hasEnded;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _written.Length;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        _written.Reserve(Math.Max(sizeHint, 1), SmallestBuffer);
        return _written.Free;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes) => _written.Add(bytes);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => WriteAsync(default, cancellationToken);

    /// <summary>Writes bytes and flushes. They must not change before that has completed.</summary>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        var batch = SendBatch.Current;
        if (_isInBatch && (!source.IsEmpty || _written.Length > 0))
            batch?.Flush();
        batch?.Reserve(source.Length);
        lock (this)
        {
            if (batch is not null && TryAddTo(batch, source.Span))
                return new ValueTask<FlushResult>(TakeResult());
            if (_written.Length == 0 && _rest.IsEmpty)
                _rest.Borrow(source);
            else if (!source.IsEmpty)
                this.Write(source.Span);
            _rest.Take(ref _written);
            Send();
            if (!BeginToWait())
                return new ValueTask<FlushResult>(TakeResult());
        }

        var flushing = new ValueTask<FlushResult>(this, _wait.Version);
        return cancellationToken.CanBeCanceled ? WaitAsync(flushing, cancellationToken) : flushing;
    }

    public override void CancelPendingFlush()
    {
        FlushResult result;
        lock (this)
        {
            _isCanceled = true;
            if (!_isWaiting)
                return;
            _isWaiting = false;
            _rest.Own();
            result = TakeResult();
        }

        _wait.SetResult(result);
    }

    /// <summary>Ends the connection when everything is sent. With an exception, resets it.</summary>
    public override void Complete(Exception? exception = null)
    {
        lock (this)
        {
            if (_isCompleted)
                return;
            _isCompleted = true;
            if (exception is not null)
                socket.Abort(new ConnectionAbortedException("The output has failed.", exception));
            _rest.Take(ref _written);
            Send();
        }
    }

    /// <summary>Waits until the rest is sent, or can't be.</summary>
    public Task WaitUntilSentAsync()
    {
        lock (this)
        {
            return _rest.IsEmpty && !_isInBatch
                ? Task.CompletedTask
                : (_sent ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Called on the loop's thread when the network may accept more, or the connection has ended.</summary>
    public void OnReady(PollEvents events)
    {
        lock (this)
        {
            if (_rest.IsEmpty)
                return;
            Send();
        }

        EndWait();
    }

    /// <inheritdoc/>
    public void OnSent(int count, ReadOnlySpan<byte> bytes)
    {
        try
        {
            lock (this)
            {
                _isInBatch = false;
                if (count < bytes.Length)
                    _rest.Prepend(bytes[Math.Max(count, 0)..]);
                else if (_rest.IsEmpty && !_isCompleted)
                    return;

                // If it was an error, this meets it again.
                Send();
            }
        }
        catch (Exception e)
        {
            // There is no memory for what was not sent.
            socket.Abort(new ConnectionAbortedException("Sending has failed.", e));
            lock (this)
            {
                _hasEnded = true;
                Send();
            }
        }

        EndWait();
    }

    /// <summary>Uses the socket no more. A flush that waits ends.</summary>
    public void Close()
    {
        lock (this)
            _hasEnded = true;
        OnReady(PollEvents.Ended);
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private void EndWait()
    {
        FlushResult result;
        lock (this)
        {
            if (!_isWaiting || !_rest.IsEmpty)
                return;
            _isWaiting = false;
            result = TakeResult();
        }

        _wait.SetResult(result);
    }

    private bool TryAddTo(SendBatch batch, ReadOnlySpan<byte> bytes)
    {
        if (_written.Length > 0 || !_rest.IsEmpty || _isInBatch || _isCompleted || _hasEnded)
            return false;
        return _isInBatch = batch.TryAdd(this, socket.Descriptor, bytes);
    }

    private FlushResult TakeResult()
    {
        var result = new FlushResult(_isCanceled, _hasEnded);
        _isCanceled = false;
        return result;
    }

    /// <summary>Returns false if all is sent, so that there is nothing to wait for.</summary>
    private bool BeginToWait()
    {
        if (_isWaiting)
            throw new InvalidOperationException("The connection is already being flushed.");
        if (_rest.IsEmpty)
            return false;
        if (_isCanceled)
        {
            _rest.Own();
            return false;
        }

        _isWaiting = true;
        _wait.Reset();
        return true;
    }

    private async ValueTask<FlushResult> WaitAsync(ValueTask<FlushResult> flushing, CancellationToken cancellationToken)
    {
        using var canceling = cancellationToken.UnsafeRegister(static (self, token) => ((PolledWriter)self!).Cancel(token), this);
        return await flushing.ConfigureAwait(false);
    }

    private void Cancel(CancellationToken token)
    {
        lock (this)
        {
            if (!_isWaiting)
                return;
            _isWaiting = false;
            _rest.Own();
        }

        _wait.SetException(new OperationCanceledException(token));
    }

    /// <summary>Sends as much of the rest as the network accepts now.</summary>
    private void Send()
    {
        Debug.Assert(Monitor.IsEntered(this), "The caller must hold the lock.");
        if (_isInBatch)
            return;
        BatchScheduling.LeaveOnPool();
        for (nint sent = 0; !_rest.IsEmpty && !_hasEnded;)
        {
            if (sent >= MostAtOnce)
            {
                socket.Loop.Post(this);
                return;
            }

            var count = Libc.Send(socket.Descriptor, _rest.Span[..Math.Min(_rest.Span.Length, MostAtOnce)]);
            if (count >= 0)
            {
                _rest.Skip((int)count);
                sent += count;
                continue;
            }

            var error = Libc.LastError;
            if (error == Libc.Again)
                return;
            if (error == Libc.Interrupted)
                continue;
            _hasEnded = true;
            socket.OnEnded();
        }

        _rest.Clear();
        _sent?.TrySetResult();
        if (_isCompleted && !_hasEnded)
            socket.Finish();
    }
}

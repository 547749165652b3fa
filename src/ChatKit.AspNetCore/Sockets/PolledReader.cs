using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using Microsoft.AspNetCore.Connections;

namespace ChatKit.AspNetCore.Sockets;

/// <summary>
/// Reads a socket. Receives only when somebody waits for data, and holds a buffer only while there is data that nobody has consumed. The
/// object is its own lock: a separate one would be one more object for each connection.
/// </summary>
internal sealed class PolledReader(PolledSocket socket) : PipeReader, IPolled, IValueTaskSource<ReadResult>, IThreadPoolWorkItem
{
    /// <summary>Enough for most requests, and for many frames. While data fills the buffer, the next one is twice as large.</summary>
    private const int SmallestBuffer = 4 * 1024;

    private const int LargestBuffer = 64 * 1024;

    /// <summary>What the loop's thread handles at once must not take long.</summary>
    private const int LargestInlineBuffer = 16 * 1024;

    private ManualResetValueTaskSourceCore<ReadResult> _wait;
    private ReadAhead? _ahead;
    private PooledBytes _bytes;
    private int _nextSize = SmallestBuffer;

    /// <summary>Whether the reader needs more than the buffer has.</summary>
    private bool _isExamined = true;

    /// <summary>Whether it is worth trying to receive.</summary>
    private bool _isReadable;

    private bool _isWaiting;
    private bool _isCanceled;
    private bool _isClosed;
    private bool _hasEnded;
    private Exception? _error;

    /// <summary>Whether the code after a read runs on the loop's thread. It must not block then.</summary>
    public bool RunsInline { get; set; }

    /// <summary>Called on the loop's thread when it is worth trying to receive.</summary>
    public void OnReady(PollEvents events)
    {
        lock (this)
        {
            _isReadable = true;

            // The end isn't reported again. It must be noticed although nobody reads, so that a request is aborted when its client has gone.
            if ((events & PollEvents.Ended) != 0 && !_isClosed)
                (_ahead ??= new ReadAhead(socket)).Receive();
            if (!_isWaiting)
                return;
        }

        if (RunsInline)
            EndWait();
        else
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        BatchScheduling.LeaveOnPool();
        EndWait();
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        lock (this)
        {
            ThrowIfWaiting();

            // The loop's thread takes turns: a client that sends without end must not keep it from the others.
            if (HasResult() || (_isReadable && !RunsInline && TryReceive()))
            {
                var result = Take(out var error);
                return error is null ? new ValueTask<ReadResult>(result) : ValueTask.FromException<ReadResult>(error);
            }

            Shrink();
            _isWaiting = true;
            _wait.Reset();
            if (_isReadable)
                socket.Loop.Post(this);
        }

        var reading = new ValueTask<ReadResult>(this, _wait.Version);
        return cancellationToken.CanBeCanceled ? WaitAsync(reading, cancellationToken) : reading;
    }

    public override bool TryRead(out ReadResult result)
    {
        lock (this)
        {
            ThrowIfWaiting();
            if (!HasResult() && !(_isReadable && TryReceive()))
            {
                result = default;
                return false;
            }

            result = Take(out var error);
            return error is null ? true : throw error;
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        lock (this)
        {
            if (_bytes.Buffer is null || consumed.GetObject() is null)
                return;
            _isExamined = examined.GetInteger() == _bytes.Start + _bytes.Length;
            _bytes.Start = consumed.GetInteger();
            if (_bytes.Length == 0)
                ReturnBuffer();
        }
    }

    public override void CancelPendingRead()
    {
        ReadResult result;
        lock (this)
        {
            _isCanceled = true;
            if (!_isWaiting)
                return;
            result = Take(out _);
        }

        EndWait(result, null, isOnOwnThread: false);
    }

    public override void Complete(Exception? exception = null)
    {
        lock (this)
        {
            if (!_isWaiting)
                ReturnBuffer();
        }
    }

    /// <summary>Uses the socket no more. A read that waits ends.</summary>
    public void Close()
    {
        ReadResult result;
        Exception? error;
        lock (this)
        {
            if (_isClosed)
                return;

            // Closing a socket with unread data resets the connection, and the reset could overtake what was sent.
            if (!_hasEnded && _error is null)
                (_ahead ??= new ReadAhead(socket)).Receive();
            _ahead?.Dispose();
            _isClosed = _hasEnded = true;
            if (!_isWaiting)
                return;
            result = Take(out error);
        }

        EndWait(result, error, isOnOwnThread: false);
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> reading, CancellationToken cancellationToken)
    {
        using var canceling = cancellationToken.UnsafeRegister(static (self, token) => ((PolledReader)self!).Cancel(token), this);
        return await reading.ConfigureAwait(false);
    }

    private void Cancel(CancellationToken token)
    {
        lock (this)
        {
            if (!_isWaiting)
                return;
            _isWaiting = false;
        }

        EndWait(default, new OperationCanceledException(token), isOnOwnThread: false);
    }

    private void ThrowIfWaiting()
    {
        if (_isWaiting)
            throw new InvalidOperationException("The connection is already being read.");
    }

    private bool HasResult() => _isCanceled || !_isExamined || _hasEnded || _error is not null;

    private ReadResult Take(out Exception? error)
    {
        error = _isCanceled || !_isExamined ? null : _error;
        var buffer = _bytes.Buffer is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_bytes.Memory);
        var result = new ReadResult(buffer, _isCanceled, _hasEnded);
        _isWaiting = _isCanceled = false;
        return result;
    }

    /// <summary>Ends a wait, if there is something to read now. The code after the read runs on this thread.</summary>
    private void EndWait()
    {
        ReadResult result;
        Exception? error;
        lock (this)
        {
            if (!_isWaiting || !TryReceive())
                return;
            result = Take(out error);
        }

        EndWait(result, error, isOnOwnThread: true);
    }

    /// <summary>Ends a wait.</summary>
    /// <param name="result">What was read.</param>
    /// <param name="error">Why nothing was read.</param>
    /// <param name="isOnOwnThread">Whether the code after the read may run on this thread.</param>
    private void EndWait(ReadResult result, Exception? error, bool isOnOwnThread)
    {
        _wait.RunContinuationsAsynchronously = !isOnOwnThread;
        if (error is null)
            _wait.SetResult(result);
        else
            _wait.SetException(error);
    }

    /// <summary>Receives what there is. Returns false if there is nothing, and neither an error nor the end.</summary>
    private bool TryReceive()
    {
        Debug.Assert(Monitor.IsEntered(this), "The caller must hold the lock.");
        if (_isClosed)
            return true;
        _bytes.Reserve(1, _bytes.Buffer is null ? _nextSize : SmallestBuffer);
        var free = _bytes.Free.Span;
        var count = _ahead is null ? Libc.Receive(socket.Descriptor, free) : _ahead.Read(free);
        if (count > 0)
        {
            // A socket that has given less than it was asked for is empty (epoll(7)).
            _bytes.Add((int)count);
            (_isExamined, _isReadable) = (false, count == free.Length || _ahead is not null);
            _nextSize = count < free.Length ? SmallestBuffer : Math.Min(_nextSize * 2, RunsInline ? LargestInlineBuffer : LargestBuffer);
            return true;
        }

        if (_bytes.Length == 0)
            ReturnBuffer();
        var error = count == 0 ? 0 : _ahead?.Error ?? Libc.LastError;
        if (error is Libc.Again or Libc.Interrupted)
        {
            (_isReadable, _ahead) = (false, null);
            if (error == Libc.Interrupted)
                socket.Loop.Post(this);
            return false;
        }

        _hasEnded = error == 0;
        if (!_hasEnded)
        {
            _error = (Exception?)socket.AbortReason ?? (error == Libc.ConnectionReset
                ? new ConnectionResetException("The client has reset the connection.")
                : new IOException(Marshal.GetPInvokeErrorMessage(error)));
        }

        socket.OnEnded(byClient: _hasEnded);
        return true;
    }

    /// <summary>Keeps no large buffer for a small part of a frame while nothing arrives.</summary>
    private void Shrink()
    {
        if (_bytes.Buffer?.Length > SmallestBuffer && _bytes.Length <= SmallestBuffer / 2)
            _bytes.MoveTo(SmallestBuffer);
    }

    private void ReturnBuffer()
    {
        _bytes.Return();
        _isExamined = true;
    }
}

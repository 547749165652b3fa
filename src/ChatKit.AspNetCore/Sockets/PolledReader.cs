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
    private byte[]? _buffer;
    private int _start;
    private int _end;
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
        ReadResult result;
        Exception? error;
        lock (this)
        {
            _isReadable = true;

            // The end isn't reported again. It must be noticed although nobody reads, so that a request is aborted when its client has gone.
            if ((events & PollEvents.Ended) != 0 && !_isClosed)
                (_ahead ??= new ReadAhead(socket)).Receive();
            if (!_isWaiting)
                return;
            if (!RunsInline)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }

            if (!TryReceive())
                return;
            result = Take(out error);
        }

        EndWait(result, error, isOnOwnThread: true);
    }

    void IThreadPoolWorkItem.Execute()
    {
        BatchScheduling.LeaveOnPool();
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
            if (_buffer is null || consumed.GetObject() is null)
                return;
            _start = consumed.GetInteger();
            _isExamined = examined.GetInteger() == _end;
            if (_start == _end)
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
        var buffer = _buffer is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_buffer, _start, _end - _start);
        var result = new ReadResult(buffer, _isCanceled, _hasEnded);
        _isWaiting = _isCanceled = false;
        return result;
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
        Reserve();
        var space = _buffer!.Length - _end;
        var count = _ahead is null ? Libc.Receive(socket.Descriptor, _buffer.AsSpan(_end)) : _ahead.Read(_buffer.AsSpan(_end));
        if (count > 0)
        {
            // A socket that has given less than it was asked for is empty (epoll(7)).
            (_end, _isExamined, _isReadable) = (_end + (int)count, false, count == space || _ahead is not null);
            _nextSize = count < space ? SmallestBuffer : Math.Min(_nextSize * 2, RunsInline ? LargestInlineBuffer : LargestBuffer);
            return true;
        }

        if (_start == _end)
            ReturnBuffer();
        var error = count == 0 ? 0 : _ahead?.Error ?? Libc.LastError;
        if (error is Libc.Again or Libc.Interrupted)
        {
            (_isReadable, _ahead) = (false, null);
            if (error == Libc.Interrupted)
                socket.Loop.Post(this);
            return false;
        }

        if (error == 0)
        {
            _hasEnded = true;
            socket.OnFinished();
            return true;
        }

        _error = (Exception?)socket.AbortReason ?? (error == Libc.ConnectionReset
            ? new ConnectionResetException("The client has reset the connection.")
            : new IOException(Marshal.GetPInvokeErrorMessage(error)));
        socket.OnEnded();
        return true;
    }

    /// <summary>Makes space in the buffer.</summary>
    private void Reserve()
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(_nextSize);
        if (_end == _buffer.Length)
            MoveTo((int)Math.Min(Math.Max((_end - _start) * 2L, SmallestBuffer), Array.MaxLength));
    }

    /// <summary>Keeps no large buffer for a small part of a frame while nothing arrives.</summary>
    private void Shrink()
    {
        if (_buffer?.Length > SmallestBuffer && _end - _start <= SmallestBuffer / 2)
            MoveTo(SmallestBuffer);
    }

    private void MoveTo(int size)
    {
        var length = _end - _start;
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        _buffer.AsSpan(_start, length).CopyTo(buffer);
        ArrayPool<byte>.Shared.Return(_buffer!);
        (_buffer, _start, _end) = (buffer, 0, length);
    }

    private void ReturnBuffer()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _start, _end, _isExamined) = (null, 0, 0, true);
    }
}

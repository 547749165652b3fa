using System.Runtime.InteropServices;

namespace ChatKit.AspNetCore.Sockets;

/// <summary>
/// What a thread sends to many sockets at once. Keeps a copy of the bytes, one for all sockets that get the same: the owner of a buffer uses it
/// again when its write has completed.
/// </summary>
internal sealed class SendBatch : IDisposable
{
    /// <summary>A larger write isn't worth a copy, and a comparison with the one before.</summary>
    private const int LargestWrite = 8 * 1024;

    private const int BufferSize = 8 * LargestWrite;

    [ThreadStatic]
    private static SendBatch? _current;

    private readonly ISendRing _ring;
    private readonly Action<SendBatch, bool> _onEnd;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);
    private readonly Send[] _sends = new Send[ISendRing.Capacity];
    private readonly int[] _sent = new int[ISendRing.Capacity];
    private int _count;
    private int _used;
    private bool _works = true;

    /// <summary>Whether it is sending. A writer that is notified can write to others, which is sent at once then.</summary>
    private bool _isSending;

    /// <param name="createRing">Creates the ring, which belongs to the batch.</param>
    /// <param name="onEnd">Called when the thread has ended the batch, and whether it can be used again. Must not throw.</param>
    public SendBatch(Func<ISendRing> createRing, Action<SendBatch, bool> onEnd) => (_ring, _onEnd) = (createRing(), onEnd);

    /// <summary>The batch of this thread; null if it sends at once.</summary>
    public static SendBatch? Current => _current;

    public void Begin() => _current = this;

    /// <summary>Makes space for a write. The caller must hold no lock of a writer.</summary>
    public void Reserve(int length)
    {
        if (_count == ISendRing.Capacity || (length <= LargestWrite && _used + length > BufferSize))
            Flush();
    }

    /// <summary>Adds a write for which there is space, if it is worth it. The writer is notified when it was sent.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="socket">The descriptor, which must stay open until the writer is notified.</param>
    /// <param name="bytes">The bytes.</param>
    public bool TryAdd(IBatchedWriter writer, int socket, ReadOnlySpan<byte> bytes) => TryAdd(writer, socket, null, bytes);

    /// <summary>Adds a write to a socket, which another thread may close. Otherwise the same as for a descriptor.</summary>
    public bool TryAdd(IBatchedWriter writer, SafeHandle socket, ReadOnlySpan<byte> bytes) => TryAdd(writer, -1, socket, bytes);

    private bool TryAdd(IBatchedWriter writer, int descriptor, SafeHandle? socket, ReadOnlySpan<byte> bytes)
    {
        if (!_works || _isSending || bytes.Length is 0 or > LargestWrite)
            return false;
        var start = _count > 0 && Bytes(in _sends[_count - 1]).SequenceEqual(bytes) ? _sends[_count - 1].Start : _used;
        if (start == _used)
        {
            bytes.CopyTo(_buffer.AsSpan(_used));
            _used += bytes.Length;
        }

        _sends[_count++] = new Send(writer, start, bytes.Length, descriptor, socket);
        return true;
    }

    /// <summary>Sends what was added. The caller must hold no lock of a writer.</summary>
    public void Flush()
    {
        if (_count == 0 || _isSending)
            return;
        _isSending = true;
        var sent = _sent.AsSpan(0, _count);
        Submit(sent);
        for (var i = 0; i < sent.Length; i++)
            _sends[i].Writer.OnSent(sent[i], Bytes(in _sends[i]));
        Array.Clear(_sends, 0, _count);
        (_count, _used, _isSending) = (0, 0, false);
    }

    /// <summary>Ends the batch of this thread.</summary>
    public void Dispose()
    {
        Flush();
        _current = null;
        _onEnd(this, _works);
    }

    public void Close() => _ring.Dispose();

    /// <summary>
    /// Holds the sockets, whose descriptors another thread may otherwise close and the system use again, only meanwhile: who closes a socket that
    /// is held waits.
    /// </summary>
    private void Submit(Span<int> sent)
    {
        for (var i = 0; i < sent.Length; i++)
        {
            ref var send = ref _sends[i];
            _ring.Add(i, send.Hold(), Marshal.UnsafeAddrOfPinnedArrayElement(_buffer, send.Start), send.Length);
        }

        _works &= _ring.Submit(sent);
        for (var i = 0; i < sent.Length; i++)
            _sends[i].Release();
    }

    private ReadOnlySpan<byte> Bytes(in Send send) => _buffer.AsSpan(send.Start, send.Length);

    private struct Send(IBatchedWriter writer, int start, int length, int descriptor, SafeHandle? socket)
    {
        private bool _isHeld;

        public readonly IBatchedWriter Writer => writer;

        public readonly int Start => start;

        public readonly int Length => length;

        /// <summary>Returns the descriptor; -1 if the socket is closed.</summary>
        public int Hold()
        {
            try
            {
                socket?.DangerousAddRef(ref _isHeld);
            }
            catch (ObjectDisposedException)
            {
                return -1;
            }

            return socket is null ? descriptor : (int)socket.DangerousGetHandle();
        }

        public readonly void Release()
        {
            if (_isHeld)
                socket!.DangerousRelease();
        }
    }
}

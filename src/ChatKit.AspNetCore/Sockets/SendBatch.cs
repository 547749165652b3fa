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
    public bool TryAdd(IBatchedWriter writer, int socket, ReadOnlySpan<byte> bytes)
    {
        if (!_works || bytes.Length is 0 or > LargestWrite)
            return false;
        var start = _count > 0 && Bytes(in _sends[_count - 1]).SequenceEqual(bytes) ? _sends[_count - 1].Start : _used;
        if (start == _used)
        {
            bytes.CopyTo(_buffer.AsSpan(_used));
            _used += bytes.Length;
        }

        _ring.Add(_count, socket, Marshal.UnsafeAddrOfPinnedArrayElement(_buffer, start), bytes.Length);
        _sends[_count++] = new Send(writer, start, bytes.Length);
        return true;
    }

    /// <summary>Sends what was added. The caller must hold no lock of a writer.</summary>
    public void Flush()
    {
        if (_count == 0)
            return;
        var sent = _sent.AsSpan(0, _count);
        _works &= _ring.Submit(sent);
        for (var i = 0; i < sent.Length; i++)
            _sends[i].Writer.OnSent(sent[i], Bytes(in _sends[i]));
        Array.Clear(_sends, 0, _count);
        (_count, _used) = (0, 0);
    }

    /// <summary>Ends the batch of this thread.</summary>
    public void Dispose()
    {
        Flush();
        _current = null;
        _onEnd(this, _works);
    }

    public void Close() => _ring.Dispose();

    private ReadOnlySpan<byte> Bytes(in Send send) => _buffer.AsSpan(send.Start, send.Length);

    private readonly record struct Send(IBatchedWriter Writer, int Start, int Length);
}

using System.Runtime.InteropServices;

namespace ChatKit.AspNetCore.Sockets;

/// <summary>Sends on many sockets with one system call (io_uring(7)).</summary>
internal sealed unsafe class IoUring : ISendRing
{
    /// <summary>Both rings are in one mapping, and sockets need no thread of the kernel: Linux 5.7.</summary>
    private const uint Needed = (1 << 0) | (1 << 5);

    private const int EntriesOffset = 0x10000000;

    private readonly int _descriptor;
    private readonly byte* _rings;
    private readonly nuint _ringsSize;
    private readonly Entry* _entries;
    private readonly uint* _tail;
    private readonly uint _mask;
    private readonly uint* _resultsHead;
    private readonly uint* _resultsTail;
    private readonly Result* _results;
    private readonly uint _resultsMask;
    private uint _next;

    /// <exception cref="IOException">The system doesn't have it, doesn't allow it, or has no resources for it.</exception>
    public IoUring()
    {
        if (!Environment.Is64BitProcess)
            throw new IOException("The process has 32 bits.");
        Parameters parameters = default;
        _descriptor = Libc.CreateRing(ISendRing.Capacity, &parameters);
        if (_descriptor < 0)
            throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        _ringsSize = Math.Max(
            parameters.Array + (parameters.Entries * sizeof(uint)), parameters.Results + (parameters.ResultEntries * (uint)sizeof(Result)));
        _rings = (parameters.Features & Needed) == Needed ? Libc.Map(_descriptor, _ringsSize, 0) : null;
        _entries = _rings is null ? null : (Entry*)Libc.Map(_descriptor, ISendRing.Capacity * (nuint)sizeof(Entry), EntriesOffset);
        if (_entries is null)
        {
            Dispose();
            throw new IOException("The system is too old, or has no memory for it.");
        }

        _tail = (uint*)(_rings + parameters.Tail);
        _mask = *(uint*)(_rings + parameters.Mask);
        _resultsHead = (uint*)(_rings + parameters.ResultsHead);
        _resultsTail = (uint*)(_rings + parameters.ResultsTail);
        _resultsMask = *(uint*)(_rings + parameters.ResultsMask);
        _results = (Result*)(_rings + parameters.Results);
        for (var i = 0u; i < ISendRing.Capacity; i++)
            ((uint*)(_rings + parameters.Array))[i] = i;
    }

    public void Add(int index, int socket, nint bytes, int length) => _entries[_next++ & _mask] = new Entry
    {
        Operation = Entry.Send,
        Descriptor = socket,
        Address = (ulong)(nuint)bytes,
        Length = (uint)length,
        Flags = Libc.SendFlags,
        Data = (ulong)index,
    };

    public bool Submit(Span<int> sent)
    {
        sent.Fill(ISendRing.NotSent);
        Volatile.Write(ref *_tail, _next);
        var (left, missing) = (sent.Length, sent.Length);
        while (missing > 0)
        {
            // No send waits, so all are complete when the call returns.
            var count = Libc.EnterRing(_descriptor, left, missing);
            if (count < 0 && Libc.LastError == Libc.Interrupted)
                continue;
            var before = missing;
            missing -= TakeResults(sent);
            left -= Math.Max(count, 0);
            if (count < 0 || (count == 0 && missing == before))
                return false;
        }

        return true;
    }

    public void Dispose()
    {
        if (_entries is not null)
            Libc.Unmap((byte*)_entries, ISendRing.Capacity * (nuint)sizeof(Entry));
        if (_rings is not null)
            Libc.Unmap(_rings, _ringsSize);
        Libc.Close(_descriptor);
    }

    private int TakeResults(Span<int> sent)
    {
        var (head, tail) = (*_resultsHead, Volatile.Read(ref *_resultsTail));
        for (var i = head; i != tail; i++)
        {
            ref var result = ref _results[i & _resultsMask];
            sent[(int)result.Data] = result.Value;
        }

        Volatile.Write(ref *_resultsHead, tail);
        return (int)(tail - head);
    }

    /// <summary>The struct io_uring_params.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 120)]
    private struct Parameters
    {
        [FieldOffset(0)]
        public uint Entries;

        [FieldOffset(4)]
        public uint ResultEntries;

        [FieldOffset(20)]
        public uint Features;

        [FieldOffset(44)]
        public uint Tail;

        [FieldOffset(48)]
        public uint Mask;

        [FieldOffset(64)]
        public uint Array;

        [FieldOffset(80)]
        public uint ResultsHead;

        [FieldOffset(84)]
        public uint ResultsTail;

        [FieldOffset(88)]
        public uint ResultsMask;

        [FieldOffset(100)]
        public uint Results;
    }

    /// <summary>The struct io_uring_sqe.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct Entry
    {
        public const byte Send = 26;

        [FieldOffset(0)]
        public byte Operation;

        [FieldOffset(4)]
        public int Descriptor;

        [FieldOffset(16)]
        public ulong Address;

        [FieldOffset(24)]
        public uint Length;

        [FieldOffset(28)]
        public int Flags;

        [FieldOffset(32)]
        public ulong Data;
    }

    /// <summary>The struct io_uring_cqe.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Result
    {
        public ulong Data;
        public int Value;
        public uint Flags;
    }
}

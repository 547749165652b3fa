using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ChatKit.LoadTest.Generator;

/// <summary>An epoll instance, which reports the sockets that have data to read.</summary>
internal sealed unsafe class Poller : IDisposable
{
    private const int Capacity = 512;

    /// <summary>The struct epoll_event has four bytes of flags and eight of our own. It is packed only on x64.</summary>
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly int _descriptor = Native.EpollCreate(0);
    private readonly byte[] _events = GC.AllocateArray<byte>(Capacity * EventSize, pinned: true);

    /// <summary>Watches a socket until it is closed.</summary>
    public void Add(int socket, int id)
    {
        var entry = stackalloc byte[EventSize];
        var span = new Span<byte>(entry, EventSize);
        span.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(span, Native.EpollIn);
        BinaryPrimitives.WriteInt32LittleEndian(span[^8..], id);
        if (Native.EpollControl(_descriptor, Native.EpollCtlAdd, socket, entry) != 0)
            throw Native.Failure("epoll_ctl");
    }

    /// <summary>Waits until sockets can be read. Returns their number; <see cref="Ready"/> returns each of them.</summary>
    public int Wait(int milliseconds)
    {
        fixed (byte* events = _events)
        {
            var count = Native.EpollWait(_descriptor, events, Capacity, milliseconds);
            if (count >= 0)
                return count;
        }

        return Marshal.GetLastPInvokeError() == Native.ErrorInterrupted ? 0 : throw Native.Failure("epoll_wait");
    }

    /// <summary>The id of one of the sockets that can be read.</summary>
    public int Ready(int index) => BinaryPrimitives.ReadInt32LittleEndian(_events.AsSpan(((index + 1) * EventSize) - 8));

    public void Dispose() => _ = Native.Close(_descriptor);
}

using System.Runtime.InteropServices;

namespace ChatKit.AspNetCore.Sockets;

/// <summary>
/// The system calls of Linux that the transport needs. Those that return a number return -1 if they fail, and none waits, except for
/// <see cref="WaitForEvents"/>.
/// </summary>
internal static unsafe partial class Libc
{
    public const int Interrupted = 4;
    public const int Again = 11;
    public const int NoMemory = 12;
    public const int TooManyFilesInSystem = 23;
    public const int TooManyFiles = 24;
    public const int ConnectionReset = 104;
    public const int NoBuffers = 105;

    public const int NormalPolicy = 0;
    public const int BatchPolicy = 3;

    public const int SendFlags = DoNotWait | NoSignal;

    private const string Library = "libc";
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int DoNotWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int Both = 2;
    private const int ReadAndWrite = 3;
    private const int SharedAndPopulated = 0x8001;

    /// <summary>The C library has no functions for these calls. Their numbers are the same on all processors.</summary>
    private const int SetupRing = 425;
    private const int EnterRingCall = 426;

    /// <summary>The error of the last call on this thread that returned -1.</summary>
    public static int LastError => Marshal.GetLastPInvokeError();

    /// <summary>The scheduling policy of this thread. Setting it can fail.</summary>
    public static int Policy
    {
        get => sched_getscheduler(0);
        set
        {
            var priority = 0;
            _ = sched_setscheduler(0, value, &priority);
        }
    }

    public static nint Receive(int socket, Span<byte> buffer) => recv(socket, buffer, buffer.Length, DoNotWait);

    public static nint Send(int socket, ReadOnlySpan<byte> bytes) => send(socket, bytes, bytes.Length, SendFlags);

    /// <summary>Accepts a connection, and writes the address of the other side.</summary>
    public static int Accept(int socket, Span<byte> address)
    {
        var length = address.Length;
        return accept4(socket, address, ref length, CloseOnExec | NonBlocking);
    }

    /// <summary>Writes the address of this side.</summary>
    public static int LocalAddress(int socket, Span<byte> address)
    {
        var length = address.Length;
        return getsockname(socket, address, ref length);
    }

    /// <summary>Ends the connection when what was sent has arrived.</summary>
    public static void Shutdown(int socket) => _ = shutdown(socket, Both);

    /// <summary>Resets the connection, so that the other side doesn't take it for a regular end. What was sent and received is dropped.</summary>
    public static void Reset(int socket)
    {
        // An address of the family AF_UNSPEC (connect(2)).
        ReadOnlySpan<byte> nothing = stackalloc byte[16];
        if (connect(socket, nothing, nothing.Length) != 0)
            Shutdown(socket);
    }

    public static void Close(int descriptor) => _ = close(descriptor);

    public static int CreatePoller() => epoll_create1(CloseOnExec);

    public static int ControlPoller(int poller, int operation, int descriptor, ReadOnlySpan<byte> entry) =>
        epoll_ctl(poller, operation, descriptor, entry);

    public static int WaitForEvents(int poller, Span<byte> events, int count, int milliseconds) =>
        epoll_wait(poller, events, count, milliseconds);

    public static int CreateEvent() => eventfd(0, CloseOnExec | NonBlocking);

    public static void Signal(int descriptor) => _ = eventfd_write(descriptor, 1);

    /// <summary>Creates a ring. Its parameters are a struct io_uring_params.</summary>
    public static int CreateRing(int entries, void* parameters) => (int)syscall(SetupRing, entries, (nint)parameters, 0, 0, 0, 0);

    /// <summary>Submits entries of a ring, and waits for results. Returns the number of entries that were taken.</summary>
    public static int EnterRing(int ring, int submitted, int results)
    {
        const int GetResults = 1;
        return (int)syscall(EnterRingCall, ring, submitted, results, GetResults, 0, 0);
    }

    /// <summary>Maps a part of a ring into memory; null if that isn't possible.</summary>
    public static byte* Map(int ring, nuint size, nint offset)
    {
        var address = mmap(null, size, ReadAndWrite, SharedAndPopulated, ring, offset);
        return address == (void*)-1 ? null : (byte*)address;
    }

    public static void Unmap(byte* address, nuint size) => _ = munmap(address, size);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint recv(int socket, Span<byte> buffer, nint length, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint send(int socket, ReadOnlySpan<byte> bytes, nint length, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int accept4(int socket, Span<byte> address, ref int length, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int getsockname(int socket, Span<byte> address, ref int length);

    [LibraryImport(Library)]
    private static partial int connect(int socket, ReadOnlySpan<byte> address, int length);

    [LibraryImport(Library)]
    private static partial int shutdown(int socket, int how);

    [LibraryImport(Library)]
    private static partial int close(int descriptor);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int epoll_ctl(int poller, int operation, int descriptor, ReadOnlySpan<byte> entry);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int epoll_wait(int poller, Span<byte> events, int count, int milliseconds);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int eventfd(uint value, int flags);

    [LibraryImport(Library)]
    private static partial int eventfd_write(int descriptor, ulong value);

    [LibraryImport(Library)]
    private static partial int sched_getscheduler(int thread);

    [LibraryImport(Library)]
    private static partial int sched_setscheduler(int thread, int policy, int* priority);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth, nint fifth, nint sixth);

    [LibraryImport(Library)]
    private static partial void* mmap(void* address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport(Library)]
    private static partial int munmap(void* address, nuint length);
}

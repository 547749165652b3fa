using System.Runtime.InteropServices;

namespace ChatKit.LoadTest.Generator;

/// <summary>The Linux system calls that the generator uses.</summary>
internal static unsafe partial class Native
{
    public const int AfInet = 2;
    public const int SockStream = 1;
    public const int SockCloseOnExec = 0x80000;
    public const int IpProtoIp = 0;
    public const int IpProtoTcp = 6;
    public const int TcpNoDelay = 1;

    /// <summary>Makes connect choose the port, so that each source address has all its ports for each destination.</summary>
    public const int IpBindAddressNoPort = 24;

    public const int MsgDontWait = 0x40;
    public const int MsgNoSignal = 0x4000;
    public const int EpollCtlAdd = 1;
    public const uint EpollIn = 1;
    public const int RlimitNoFile = 7;

    /// <summary>The kind of a process's clock that counts the time on processors exactly.</summary>
    public const int SchedulerClock = 2;

    public const int ErrorInterrupted = 4;
    public const int ErrorAgain = 11;

    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int domain, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int socket, byte* address, uint length);

    [LibraryImport(Library, EntryPoint = "connect", SetLastError = true)]
    public static partial int Connect(int socket, byte* address, uint length);

    [LibraryImport(Library, EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetSocketOption(int socket, int level, int name, int* value, uint length);

    [LibraryImport(Library, EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int socket, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int socket, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int poller, int operation, int descriptor, byte* @event);

    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int poller, byte* events, int count, int timeout);

    [LibraryImport(Library, EntryPoint = "clock_gettime", SetLastError = true)]
    public static partial int GetTime(int clock, long* time);

    [LibraryImport(Library, EntryPoint = "getrlimit", SetLastError = true)]
    public static partial int GetLimit(int resource, ulong* limits);

    [LibraryImport(Library, EntryPoint = "setrlimit", SetLastError = true)]
    public static partial int SetLimit(int resource, ulong* limits);

    /// <summary>The exception for the failure of the last system call.</summary>
    public static IOException Failure(string what) => new($"{what}: {Marshal.GetLastPInvokeErrorMessage()}");
}

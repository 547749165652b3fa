using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using ChatKit.AspNetCore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Sockets;

/// <summary>A thread that waits for the events of many sockets with epoll(7).</summary>
internal sealed class SocketLoop : IDisposable
{
    /// <summary>The number of events that are taken at once.</summary>
    private const int Capacity = 256;

    private const int AddOperation = 1;
    private const int RemoveOperation = 2;
    private const int ChangeOperation = 3;

    /// <summary>The struct epoll_event has four bytes of events and eight of our own. It is packed on x64 only.</summary>
    private static readonly int EntrySize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly ILogger _logger;
    private readonly int _poller;
    private readonly int _wake;
    private readonly Thread _thread;
    private readonly ConcurrentQueue<IPolled> _posted = new();

    /// <summary>Guards the descriptors of the loop, whose numbers belong to something else when they are closed.</summary>
    private readonly Lock _gate = new();

    /// <summary>What is notified of the events of each descriptor.</summary>
    private IPolled?[] _polled = new IPolled?[1024];
    private volatile bool _isStopped;
    private bool _isClosed;

    public SocketLoop(ILogger logger)
    {
        _logger = logger;
        _poller = Check(Libc.CreatePoller(), "epoll_create1");
        _wake = Check(Libc.CreateEvent(), "eventfd");
        Control(AddOperation, _wake, PollEvents.Readable | PollEvents.Once);
        _thread = new Thread(Run) { IsBackground = true, Name = "ChatKit sockets" };
        _thread.UnsafeStart();
    }

    /// <summary>Starts to report events of a socket.</summary>
    /// <exception cref="IOException">The system has no resources for it.</exception>
    public void Add(int socket, IPolled polled, PollEvents events)
    {
        lock (_gate)
        {
            if (socket >= _polled.Length)
                Array.Resize(ref _polled, Math.Max(socket + 1, _polled.Length * 2));
            Volatile.Write(ref _polled[socket], polled);
            Control(AddOperation, socket, events);
        }
    }

    /// <summary>Changes what is reported of a socket, unless it was removed.</summary>
    public void Change(int socket, IPolled polled, PollEvents events)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_polled[socket], polled) && !_isClosed)
                Control(ChangeOperation, socket, events);
        }
    }

    /// <summary>Reports nothing more of a socket, except for an event that has been taken. Must be called before the socket is closed.</summary>
    public void Remove(int socket)
    {
        Span<byte> unused = stackalloc byte[EntrySize];
        lock (_gate)
        {
            Volatile.Write(ref _polled[socket], null);
            if (!_isClosed)
                _ = Libc.ControlPoller(_poller, RemoveOperation, socket, unused);
        }
    }

    /// <summary>Reports, after the events that have been taken, that it is worth trying.</summary>
    public void Post(IPolled polled)
    {
        _posted.Enqueue(polled);
        if (Thread.CurrentThread != _thread)
            Wake();
    }

    /// <summary>Logs that a connection has failed unexpectedly.</summary>
    public void OnFailed(Exception exception) => _logger.SocketFailed(exception);

    /// <summary>Ends the thread. Sockets that are still open are reported to have ended.</summary>
    public void Dispose()
    {
        _isStopped = true;
        Wake();
    }

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call}: {Marshal.GetLastPInvokeErrorMessage()}");

    private void Control(int operation, int descriptor, PollEvents events)
    {
        Span<byte> entry = stackalloc byte[EntrySize];
        entry.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(entry, (uint)events);
        BinaryPrimitives.WriteInt32LittleEndian(entry[^8..], descriptor);
        _ = Check(Libc.ControlPoller(_poller, operation, descriptor, entry), "epoll_ctl");
    }

    private void Wake()
    {
        lock (_gate)
        {
            if (!_isClosed)
                Libc.Signal(_wake);
        }
    }

    private void Run()
    {
        BatchScheduling.Enter();
        var events = GC.AllocateArray<byte>(Capacity * EntrySize, pinned: true);
        while (!_isStopped)
        {
            var count = Libc.WaitForEvents(_poller, events, Capacity, _posted.IsEmpty ? Timeout.Infinite : 0);
            for (var i = 0; i < count; i++)
                Report(events.AsSpan(i * EntrySize, EntrySize));
            for (var i = _posted.Count; i > 0 && _posted.TryDequeue(out var polled); i--)
                Report(polled, PollEvents.Readable);
        }

        foreach (var polled in Close())
        {
            if (polled is not null)
                Report(polled, PollEvents.Ended);
        }
    }

    private IPolled?[] Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Libc.Close(_poller);
            Libc.Close(_wake);
            return [.. _polled];
        }
    }

    private void Report(ReadOnlySpan<byte> entry)
    {
        var polled = Volatile.Read(ref _polled);
        var descriptor = BinaryPrimitives.ReadInt32LittleEndian(entry[^8..]);
        if (descriptor < polled.Length && Volatile.Read(ref polled[descriptor]) is { } one)
            Report(one, (PollEvents)BinaryPrimitives.ReadUInt32LittleEndian(entry));
    }

    private void Report(IPolled polled, PollEvents events)
    {
        try
        {
            polled.OnReady(events);
        }
        catch (Exception e)
        {
            // The other sockets go on.
            OnFailed(e);
        }
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using ChatKit.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Sockets;

/// <summary>Accepts connections, and distributes them to the loops.</summary>
internal sealed class PolledListener : IConnectionListener, IPolled
{
    /// <summary>The number of connections that are accepted before other events are reported.</summary>
    private const int MostAtOnce = 64;

    /// <summary>The size of a struct sockaddr_in6.</summary>
    private const int AddressSize = 28;

    private const int InterNetworkFamily = 2;

    /// <summary>How long nothing is accepted after the process, or the system, has reached a limit.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan TimeBetweenWarnings = TimeSpan.FromMinutes(1);

    private readonly Socket _socket;
    private readonly int _descriptor;
    private readonly SocketLoop[] _loops;
    private readonly ILogger _logger;
    private readonly Channel<ConnectionContext> _accepted =
        Channel.CreateUnbounded<ConnectionContext>(new UnboundedChannelOptions { SingleReader = true });

    private readonly TimeProvider _clock;
    private readonly ITimer _resume;

    /// <summary>Guards the socket: its number belongs to something else when it is closed.</summary>
    private readonly Lock _gate = new();
    private readonly bool _hasOneAddress;
    private uint _next;
    private long? _warnedAt;
    private bool _isUnbound;

    /// <param name="socket">A socket that listens and doesn't block.</param>
    /// <param name="loops">The loops.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">The logger.</param>
    public PolledListener(Socket socket, SocketLoop[] loops, TimeProvider clock, ILogger logger)
    {
        (_socket, _loops, _clock, _logger) = (socket, loops, clock, logger);
        _descriptor = (int)socket.SafeHandle.DangerousGetHandle();
        var local = (IPEndPoint)socket.LocalEndPoint!;
        EndPoint = local;
        _hasOneAddress = !local.Address.Equals(IPAddress.Any) && !local.Address.Equals(IPAddress.IPv6Any);
        _resume = clock.CreateTimer(static self => ((PolledListener)self!).Resume(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        loops[0].Add(_descriptor, this, PollEvents.Readable);
    }

    public EndPoint EndPoint { get; }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_accepted.Reader.TryRead(out var connection))
                return connection;
        }

        return null;
    }

    public void OnReady(PollEvents events)
    {
        Span<byte> address = stackalloc byte[AddressSize];
        for (var i = 0; i < MostAtOnce && TryAccept(address, out var socket); i++)
            Start(socket, address);
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_isUnbound)
                return ValueTask.CompletedTask;
            _isUnbound = true;
            _loops[0].Remove(_descriptor);
            _socket.Dispose();
        }

        _resume.Dispose();
        _accepted.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => UnbindAsync();

    private static IPEndPoint Read(ReadOnlySpan<byte> address)
    {
        var port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return MemoryMarshal.Read<ushort>(address) == InterNetworkFamily
            ? new IPEndPoint(new IPAddress(address.Slice(4, 4)), port)
            : new IPEndPoint(new IPAddress(address.Slice(8, 16), MemoryMarshal.Read<uint>(address[24..])), port);
    }

    private bool TryAccept(Span<byte> address, out int socket)
    {
        lock (_gate)
        {
            socket = _isUnbound ? -1 : Libc.Accept(_descriptor, address);
            if (socket < 0 && !_isUnbound)
                OnFailed(Libc.LastError);
            return socket >= 0;
        }
    }

    private void Start(int socket, Span<byte> address)
    {
        var remote = Read(address);
        var local = _hasOneAddress || Libc.LocalAddress(socket, address) < 0 ? EndPoint : Read(address);
        var connection = new PolledConnection(new PolledSocket(socket, _loops[_next++ % (uint)_loops.Length]), local, remote);
        try
        {
            connection.Start();
        }
        catch (IOException e)
        {
            Warn(e.Message);
            _ = connection.DisposeAsync().AsTask();
            return;
        }

        if (!_accepted.Writer.TryWrite(connection))
            _ = connection.DisposeAsync().AsTask();
    }

    /// <summary>Pauses if the limit of open files, or of memory, is reached. After any other error, of one connection, the next is accepted.</summary>
    private void OnFailed(int error)
    {
        if (error is not (Libc.TooManyFiles or Libc.TooManyFilesInSystem or Libc.NoMemory or Libc.NoBuffers))
            return;
        Warn(Marshal.GetPInvokeErrorMessage(error));
        _loops[0].Change(_descriptor, this, PollEvents.None);
        _resume.Change(Pause, Timeout.InfiniteTimeSpan);
    }

    private void Resume() => _loops[0].Change(_descriptor, this, PollEvents.Readable);

    private void Warn(string reason)
    {
        if (_warnedAt is { } last && _clock.GetElapsedTime(last) < TimeBetweenWarnings)
            return;
        _warnedAt = _clock.GetTimestamp();
        _logger.AcceptFailed(reason);
    }
}

using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;

namespace ChatKit.LoadTest.Generator;

/// <summary>A TCP socket that bypasses the layers of the platform.</summary>
internal static unsafe class ClientSocket
{
    /// <summary>The number of source addresses 127.0.0.x, so that there are enough ports.</summary>
    private const int SourceAddresses = 20;

    private const int AddressSize = 16;

    /// <summary>A server that does not read for this long has failed.</summary>
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Connects. Blocks, but not noticeably on the loopback interface while the server's backlog has space.</summary>
    public static int Connect(IPEndPoint server, int index)
    {
        var socket = Native.Socket(Native.AfInet, Native.SockStream | Native.SockCloseOnExec, 0);
        if (socket < 0)
            throw Native.Failure("socket");

        var one = 1;
        _ = Native.SetSocketOption(socket, Native.IpProtoTcp, Native.TcpNoDelay, &one, sizeof(int));
        _ = Native.SetSocketOption(socket, Native.IpProtoIp, Native.IpBindAddressNoPort, &one, sizeof(int));
        var address = stackalloc byte[AddressSize];
        Fill(address, new IPEndPoint(new IPAddress([127, 0, 0, (byte)(2 + (index % SourceAddresses))]), 0));
        if (Native.Bind(socket, address, AddressSize) != 0)
            throw Native.Failure("bind");
        Fill(address, server);
        if (Native.Connect(socket, address, AddressSize) != 0)
            throw Native.Failure("connect");
        return socket;
    }

    /// <summary>Reads the available data. Returns -1 if there is none, and 0 if the connection has ended.</summary>
    public static int Receive(int socket, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            var count = Native.Receive(socket, start, (nuint)buffer.Length, Native.MsgDontWait);
            if (count >= 0)
                return (int)count;
        }

        return Marshal.GetLastPInvokeError() is Native.ErrorAgain or Native.ErrorInterrupted ? -1 : 0;
    }

    /// <summary>Writes all bytes. Returns false if the connection has ended.</summary>
    public static bool Send(int socket, ReadOnlySpan<byte> data)
    {
        fixed (byte* start = data)
        {
            var sent = Native.Send(socket, start, (nuint)data.Length, Native.MsgDontWait | Native.MsgNoSignal);
            return sent == data.Length || SendRest(socket, data, sent);
        }
    }

    /// <summary>Spins while the socket's buffer is full. This is rare, because senders have few messages in flight.</summary>
    private static bool SendRest(int socket, ReadOnlySpan<byte> data, nint sent)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (sent > 0)
                data = data[(int)sent..];
            else if (Marshal.GetLastPInvokeError() is not (Native.ErrorAgain or Native.ErrorInterrupted))
                return false;
            if (data.IsEmpty)
                return true;
            if (Stopwatch.GetElapsedTime(start) > SendTimeout)
                throw new IOException("The server has not read for too long.");

            fixed (byte* next = data)
                sent = Native.Send(socket, next, (nuint)data.Length, Native.MsgDontWait | Native.MsgNoSignal);
        }
    }

    private static void Fill(byte* address, IPEndPoint endpoint)
    {
        var span = new Span<byte>(address, AddressSize);
        span.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(span, Native.AfInet);
        BinaryPrimitives.WriteUInt16BigEndian(span[2..], (ushort)endpoint.Port);
        endpoint.Address.TryWriteBytes(span[4..], out _);
    }
}

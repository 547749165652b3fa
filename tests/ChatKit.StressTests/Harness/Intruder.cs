using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace ChatKit.StressTests.Harness;

/// <summary>A connection of an attacker, which sends the given bytes and does not have to read.</summary>
internal sealed class Intruder : IDisposable
{
    /// <summary>The number of source addresses 127.0.0.x, so that there are enough ports.</summary>
    private const int SourceAddresses = 50;

    private const int BufferSize = 4096;

    private static int _count;

    private readonly Socket _socket;
    private readonly byte[] _buffer;
    private ReadOnlyMemory<byte> _left;

    private Intruder(Socket socket, int bufferSize) => (_socket, _buffer) = (socket, new byte[bufferSize]);

    /// <param name="port">The port of the server.</param>
    /// <param name="receiveBuffer">The receive buffer of the socket, in bytes; null for the default.</param>
    /// <param name="bufferSize">The size of each read, in bytes.</param>
    /// <param name="stop">Cancels the operation.</param>
    public static async Task<Intruder> ConnectAsync(
        int port, int? receiveBuffer = null, int bufferSize = BufferSize, CancellationToken stop = default)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (receiveBuffer is { } size)
                socket.ReceiveBufferSize = size;
            var last = (byte)(2 + ((uint)Interlocked.Increment(ref _count) % SourceAddresses));
            socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, last]), 0));
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), stop);
            return new Intruder(socket, bufferSize);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends the handshake. Returns the status of the response; 0 if there is none.</summary>
    public async Task<int> OpenAsync(string path, CancellationToken stop, params string[] headers)
    {
        await SendAsync(Encoding.Latin1.GetBytes(RawClient.Handshake(path, headers: headers)), stop);
        return await ReadStatusAsync(stop);
    }

    /// <summary>Reads the head of a response. Returns its status; 0 if there is none.</summary>
    public async Task<int> ReadStatusAsync(CancellationToken stop)
    {
        var head = new List<byte>();
        while (head.Count < BufferSize)
        {
            var read = await ReceiveAsync(stop);
            if (read.IsEmpty)
                return 0;
            head.AddRange(read.Span);
            if (EndOfHead(head) is var end and >= 0)
            {
                _left = head.Skip(end).ToArray();
                var line = Encoding.Latin1.GetString([.. head.Take(end)]).Split(' ');
                return line.Length > 1 && int.TryParse(line[1], out var status) ? status : 0;
            }
        }

        return 0;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await _socket.SendAsync(bytes, stop)..];
    }

    /// <summary>Returns the next data, which is valid until the next call; empty at the end.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(CancellationToken stop)
    {
        if (_left is { IsEmpty: false } left)
        {
            _left = default;
            return left;
        }

        return _buffer.AsMemory(0, await _socket.ReceiveAsync(_buffer, stop));
    }

    /// <summary>Reads and discards until the server ends the connection in any way.</summary>
    public async Task DrainAsync(CancellationToken stop)
    {
        try
        {
            while (!(await ReceiveAsync(stop)).IsEmpty)
            {
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
        }
    }

    /// <summary>Shuts down sending.</summary>
    public void Finish() => _socket.Shutdown(SocketShutdown.Send);

    public void Dispose() => _socket.Reset();

    /// <summary>Returns the offset of the bytes after the head; negative if the head is incomplete.</summary>
    private static int EndOfHead(List<byte> head)
    {
        var at = CollectionsMarshal.AsSpan(head).IndexOf("\r\n\r\n"u8);
        return at < 0 ? at : at + 4;
    }
}

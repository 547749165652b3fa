using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace ChatKit.ChaosTests.Shutdown;

/// <summary>One of many clients, which is only a socket. It reads nothing at first, and later everything at once.</summary>
/// <param name="room">The address of the room.</param>
/// <param name="speaksV1">Whether it uses <c>chatkit.v1</c>.</param>
/// <param name="length">The length of the messages that it requests.</param>
internal sealed class CrowdClient(string room, bool speaksV1, int length) : IDisposable
{
    private static readonly byte[] EndOfHead = "\r\n\r\n"u8.ToArray();

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = SmallBuffers.Size };
    private readonly byte[] _buffer = new byte[SmallBuffers.Size];
    private int _start;
    private int _end;

    /// <summary>The received texts in order: the first word of each message, and the type of each other frame of the protocol.</summary>
    public List<string> Texts { get; } = [];

    /// <summary>The time to reconnect that the server sent, in seconds; null if it sent none.</summary>
    public double? Retry { get; private set; }

    /// <summary>The code of the server's close frame; null if no complete one arrived.</summary>
    public int? Code { get; private set; }

    /// <summary>The time at which the close frame arrived.</summary>
    public long ClosedAt { get; private set; }

    /// <summary>Whether the server ended the connection after that, without a reset.</summary>
    public bool EndedGracefully { get; private set; }

    /// <summary>Connects and requests messages. Returns the status of the response.</summary>
    public async Task<int> ConnectAsync(int port)
    {
        await _socket.ConnectAsync(IPAddress.Loopback, port);
        var handshake = RawClient.Handshake($"/crowd/{room}", headers: speaksV1 ? ["Sec-WebSocket-Protocol: chatkit.v1"] : []);
        var request = speaksV1 ? $$"""{"type":"message","data":"{{length}}"}""" : $"{length}";
        await _socket.SendAsync((byte[])[.. Encoding.ASCII.GetBytes(handshake), .. ClientFrame.Of(ClientFrame.Text, request)]);
        int end;
        while ((end = _buffer.AsSpan(0, _end).IndexOf(EndOfHead)) < 0)
        {
            if (!await ReceiveAsync())
                throw new EndOfStreamException();
        }

        _start = end + EndOfHead.Length;
        return int.Parse(Encoding.ASCII.GetString(_buffer, "HTTP/1.1 ".Length, 3));
    }

    /// <summary>Reads to the end of the connection, and answers as a client does.</summary>
    public async Task ReadAsync()
    {
        try
        {
            while (await ReadFrameAsync() is { } frame)
                await TakeAsync(frame.Opcode, frame.Payload);
            EndedGracefully = Code is not null;
        }
        catch (SocketException)
        {
            // The connection was reset. The received frames show whether that was too early.
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task TakeAsync(int opcode, byte[] payload)
    {
        switch (opcode)
        {
            case ClientFrame.Text:
                TakeText(payload);
                break;
            case ClientFrame.Ping:
                await _socket.SendAsync(ClientFrame.Of(ClientFrame.Pong, payload));
                break;
            case ClientFrame.Close:
                (Code, ClosedAt) = (BinaryPrimitives.ReadUInt16BigEndian(payload), Stopwatch.GetTimestamp());
                await _socket.SendAsync(ClientFrame.Of(ClientFrame.Close, payload.AsSpan(0, sizeof(ushort))));
                break;
        }
    }

    private void TakeText(byte[] payload)
    {
        if (!speaksV1)
        {
            Texts.Add(FirstWord(Encoding.UTF8.GetString(payload)));
            return;
        }

        using var json = JsonDocument.Parse(payload);
        var type = json.RootElement.GetProperty("type").GetString()!;
        Texts.Add(type == "message" ? FirstWord(json.RootElement.GetProperty("data").GetString()!) : type);
        if (type == "restart")
            Retry = json.RootElement.GetProperty("retry").GetDouble();
    }

    /// <summary>Returns the next frame; null at the end of the connection, also within a frame, because the close frame is then missing.</summary>
    private async Task<(int Opcode, byte[] Payload)?> ReadFrameAsync()
    {
        if (await ReadAsync(2) is not { } start || await ReadAsync(ServerFrame.HeaderSize(start) - start.Length) is not { } rest)
            return null;
        var length = (int)ServerFrame.PayloadLength([.. start, .. rest]);
        return await ReadAsync(length) is { } payload ? (start[0] & 0x0F, payload) : null;
    }

    private async Task<byte[]?> ReadAsync(int count)
    {
        var bytes = new byte[count];
        for (var have = 0; have < count;)
        {
            if (_start == _end)
            {
                _start = _end = 0;
                if (!await ReceiveAsync())
                    return null;
            }

            var take = Math.Min(count - have, _end - _start);
            _buffer.AsSpan(_start, take).CopyTo(bytes.AsSpan(have));
            (_start, have) = (_start + take, have + take);
        }

        return bytes;
    }

    private async Task<bool> ReceiveAsync()
    {
        var count = await _socket.ReceiveAsync(_buffer.AsMemory(_end));
        _end += count;
        return count > 0;
    }

    private static string FirstWord(string text) => text.Split(' ', 2)[0];
}

using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace ChatKit.ChaosTests.Shutdown;

/// <summary>One of many clients: no more than a socket. It reads nothing until it is told to, and then everything.</summary>
/// <param name="room">Where it connects to.</param>
/// <param name="speaksV1">Whether it speaks <c>chatkit.v1</c>.</param>
/// <param name="length">How long the messages are that it asks for.</param>
internal sealed class CrowdClient(string room, bool speaksV1, int length) : IDisposable
{
    private static readonly byte[] EndOfHead = "\r\n\r\n"u8.ToArray();

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = SmallBuffers.Size };
    private readonly byte[] _buffer = new byte[SmallBuffers.Size];
    private int _start;
    private int _end;

    /// <summary>The texts in their order: of a message its first word, of another frame of the protocol its type.</summary>
    public List<string> Texts { get; } = [];

    /// <summary>When to come back, in seconds, as the server has said; null if it has not.</summary>
    public double? Retry { get; private set; }

    /// <summary>The code of the server's close frame; null if none has come whole.</summary>
    public int? Code { get; private set; }

    /// <summary>When the close frame came.</summary>
    public long ClosedAt { get; private set; }

    /// <summary>Whether the server ended the connection after that, without a reset.</summary>
    public bool EndedInPeace { get; private set; }

    /// <summary>Connects, and asks for messages. Returns the status of the answer.</summary>
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

    /// <summary>Reads everything to the end of the connection, and answers as a client does.</summary>
    public async Task ReadAsync()
    {
        try
        {
            while (await ReadFrameAsync() is { } frame)
                await TakeAsync(frame.Opcode, frame.Payload);
            EndedInPeace = Code is not null;
        }
        catch (SocketException)
        {
            // It was reset; what came until then tells whether that was too early.
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

    /// <summary>The next frame; null at the end of the connection. An end within a frame is one as well: its close frame is missing.</summary>
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

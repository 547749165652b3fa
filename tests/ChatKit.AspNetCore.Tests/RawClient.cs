using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace ChatKit.AspNetCore.Tests;

/// <summary>A client that sends exactly the bytes it is told to, right or wrong.</summary>
internal sealed class RawClient : IDisposable
{
    public const int Text = 0x1;
    public const int Close = 0x8;
    public const int Ping = 0x9;
    public const int Pong = 0xA;

    private readonly TcpClient _tcp;
    private readonly NetworkStream _stream;

    private RawClient(TcpClient tcp) => (_tcp, _stream) = (tcp, tcp.GetStream());

    public Socket Socket => _tcp.Client;

    public static async Task<RawClient> ConnectAsync(Uri address)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync(address.Host, address.Port).Soon();
        return new RawClient(tcp);
    }

    /// <summary>The handshake of RFC 6455 section 1.2, less the headers in <paramref name="without"/>.</summary>
    public static string Handshake(string path, string version = "13", string? without = null, params string[] headers)
    {
        string[] lines =
        [
            "Host: localhost", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            $"Sec-WebSocket-Version: {version}", .. headers,
        ];
        var kept = lines.Where(line => without is null || !line.StartsWith(without + ":", StringComparison.Ordinal));
        return $"GET {path} HTTP/1.1\r\n{string.Join("\r\n", kept)}\r\n\r\n";
    }

    /// <summary>One masked frame, as a client sends it; unmasked, as it must not.</summary>
    public static byte[] Frame(int opcode, ReadOnlySpan<byte> payload, bool final = true, bool masked = true) =>
        ClientFrame.Of(opcode, payload, final, masked ? ClientFrame.Key : null);

    public static byte[] Frame(int opcode, string text) => ClientFrame.Of(opcode, text);

    public Task SendAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes).AsTask().Soon();

    /// <summary>Sends the handshake, and what is to come with it in one segment, and expects it to be accepted.</summary>
    public async Task OpenAsync(string path, params byte[] early)
    {
        await SendAsync((byte[])[.. Encoding.Latin1.GetBytes(Handshake(path)), .. early]);
        Assert.StartsWith("HTTP/1.1 101", await ReceiveHeadAsync(), StringComparison.Ordinal);
    }

    /// <summary>Sends a request; gives the head of the response.</summary>
    public async Task<string> RequestAsync(string request)
    {
        await SendAsync(Encoding.Latin1.GetBytes(request));
        return await ReceiveHeadAsync();
    }

    public async Task<(int Opcode, byte[] Payload)> ReceiveFrameAsync()
    {
        var head = await ReadAsync(2);
        Assert.True(
            (head[0] & 0xF0) == 0x80 && (head[1] & 0x80) == 0, "a server's frame is whole, has no reserved bits, and is not masked");
        var length = head[1] switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(await ReadAsync(2)),
            127 => (int)BinaryPrimitives.ReadUInt64BigEndian(await ReadAsync(8)),
            var small => small,
        };
        return (head[0] & 0x0F, await ReadAsync(length));
    }

    public async Task<string> ReceiveTextAsync()
    {
        var (opcode, payload) = await ReceiveFrameAsync();
        Assert.Equal(Text, opcode);
        return Encoding.UTF8.GetString(payload);
    }

    public async Task<int> ReceiveCloseAsync()
    {
        var (opcode, payload) = await ReceiveFrameAsync();
        Assert.Equal(Close, opcode);
        return BinaryPrimitives.ReadUInt16BigEndian(payload);
    }

    /// <summary>Says that nothing more will be sent, and expects the same of the server.</summary>
    public Task FinishAsync()
    {
        Socket.Shutdown(SocketShutdown.Send);
        return ExpectEndAsync();
    }

    /// <summary>Expects that the server sends nothing more. A reset is an exception.</summary>
    public async Task ExpectEndAsync() => Assert.Equal(0, await _stream.ReadAsync(new byte[1]).AsTask().Soon());

    /// <summary>Cuts the connection as the kernel does for a process that was killed with data unread.</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Dispose();
    }

    public void Dispose() => _tcp.Dispose();

    private async Task<string> ReceiveHeadAsync()
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            head.Append((char)(await ReadAsync(1))[0]);
        return head.ToString();
    }

    private async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes).AsTask().Soon();
        return bytes;
    }
}

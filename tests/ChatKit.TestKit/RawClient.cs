using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Xunit;

namespace ChatKit.TestKit;

/// <summary>A client that sends exactly the given bytes, valid or invalid.</summary>
public sealed class RawClient : IDisposable
{
    public const int Text = 0x1;
    public const int Close = 0x8;
    public const int Ping = 0x9;
    public const int Pong = 0xA;

    /// <summary>The bit in the opcode of a compressed message's first frame (RFC 7692 section 6).</summary>
    public const int Compressed = 0x40;

    private readonly TcpClient _tcp;
    private readonly Stream _stream;

    private RawClient(TcpClient tcp, Stream stream) => (_tcp, _stream) = (tcp, stream);

    public Socket Socket => _tcp.Client;

    /// <summary>Whether reading frames answers pings with a payload.</summary>
    public bool AnswersPings { get; set; } = true;

    /// <param name="address">The address. With <c>https</c>, the bytes are sent over TLS.</param>
    /// <param name="certificate">The server's certificate, if it has one.</param>
    public static async Task<RawClient> ConnectAsync(Uri address, X509Certificate2? certificate = null)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync(address.Host, address.Port).Soon();
        if (address.Scheme != Uri.UriSchemeHttps)
            return new RawClient(tcp, tcp.GetStream());

        var tls = new SslStream(
            tcp.GetStream(),
            leaveInnerStreamOpen: false,
            (_, presented, _, _) => presented?.GetCertHashString() == certificate?.Thumbprint);
        await tls.AuthenticateAsClientAsync(address.Host).Soon();
        return new RawClient(tcp, tls);
    }

    /// <summary>The handshake of RFC 6455 section 1.2, except for the headers in <paramref name="without"/>.</summary>
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

    /// <summary>Returns one frame, masked as a client must send it, or unmasked.</summary>
    public static byte[] Frame(int opcode, ReadOnlySpan<byte> payload, bool final = true, bool masked = true) =>
        ClientFrame.Of(opcode, payload, final, masked ? ClientFrame.Key : null);

    public static byte[] Frame(int opcode, string text) => ClientFrame.Of(opcode, text);

    public Task SendAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes).AsTask().Soon();

    /// <summary>Sends the handshake, with optional bytes in the same segment, and expects it to be accepted.</summary>
    public async Task OpenAsync(string path, byte[]? early = null, params string[] headers)
    {
        await SendAsync((byte[])[.. Encoding.Latin1.GetBytes(Handshake(path, headers: headers)), .. early ?? []]);
        Assert.StartsWith("HTTP/1.1 101", await ReceiveHeadAsync(), StringComparison.Ordinal);
    }

    /// <summary>Sends a request. Returns the head of the response.</summary>
    public async Task<string> RequestAsync(string request)
    {
        await SendAsync(Encoding.Latin1.GetBytes(request));
        return await ReceiveHeadAsync();
    }

    /// <summary>Returns the text that states why a request was refused.</summary>
    public async Task<string> ReceiveRefusalAsync()
    {
        var size = "";
        while (!size.EndsWith("\r\n", StringComparison.Ordinal))
            size += (char)(await ReadAsync(1))[0];
        return Encoding.UTF8.GetString(await ReadAsync(Convert.ToInt32(size.Trim(), 16)));
    }

    /// <summary>
    /// Returns the next frame, with <see cref="Compressed"/> in its opcode if it is compressed. Pings with a payload, with which the server
    /// finds out what has arrived, are answered and not returned.
    /// </summary>
    public async Task<(int Opcode, byte[] Payload)> ReceiveFrameAsync()
    {
        while (true)
        {
            var (opcode, payload) = await ReadFrameAsync();
            if (opcode != Ping || payload.Length == 0)
                return (opcode, payload);
            if (AnswersPings)
                await SendAsync(Frame(Pong, payload));
        }
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

    /// <summary>Shuts down sending, and expects the server to do the same.</summary>
    public Task FinishAsync()
    {
        Socket.Shutdown(SocketShutdown.Send);
        return ExpectEndAsync();
    }

    /// <summary>Expects the end of the stream. Throws an exception if the connection is reset.</summary>
    public async Task ExpectEndAsync() => Assert.Equal(0, await _stream.ReadAsync(new byte[1]).AsTask().Soon());

    /// <summary>Reads until the server has ended the connection in any way.</summary>
    public async Task DrainAsync()
    {
        try
        {
            await _stream.CopyToAsync(Stream.Null).Soon();
        }
        catch (IOException)
        {
        }
    }

    /// <summary>Resets the connection, as the kernel does for a killed process with unread data.</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        _tcp.Dispose();
    }

    public void Dispose()
    {
        _stream.Dispose();
        _tcp.Dispose();
    }

    private async Task<(int Opcode, byte[] Payload)> ReadFrameAsync()
    {
        var head = await ReadAsync(2);
        Assert.True(
            (head[0] & 0xB0) == 0x80 && (head[1] & 0x80) == 0, "a server's frame is whole, has no bits but its own, and is not masked");
        var length = head[1] switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(await ReadAsync(2)),
            127 => (int)BinaryPrimitives.ReadUInt64BigEndian(await ReadAsync(8)),
            var small => small,
        };
        return (head[0] & 0x7F, await ReadAsync(length));
    }

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

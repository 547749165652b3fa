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

        var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, certificate.Trusted());
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
    /// The next frame, its opcode with <see cref="ClientFrame.Compressed"/> if it is. A ping with a payload is the server's way of finding out
    /// what has arrived: it is answered, as every client does, and not shown.
    /// </summary>
    public async Task<(int Opcode, byte[] Payload)> ReceiveFrameAsync()
    {
        while (true)
        {
            var (opcode, payload) = await ReadFrameAsync();
            if (opcode != ClientFrame.Ping || payload.Length == 0)
                return (opcode, payload);
            if (AnswersPings)
                await SendAsync(ClientFrame.Of(ClientFrame.Pong, payload));
        }
    }

    public async Task<string> ReceiveTextAsync()
    {
        var (opcode, payload) = await ReceiveFrameAsync();
        Assert.Equal(ClientFrame.Text, opcode);
        return Encoding.UTF8.GetString(payload);
    }

    public async Task<int> ReceiveCloseAsync()
    {
        var (opcode, payload) = await ReceiveFrameAsync();
        Assert.Equal(ClientFrame.Close, opcode);
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

    /// <summary>Cuts the connection as the kernel does for a process that was killed with data unread.</summary>
    public void Reset() => Socket.Reset();

    public void Dispose()
    {
        _stream.Dispose();
        _tcp.Dispose();
    }

    private async Task<(int Opcode, byte[] Payload)> ReadFrameAsync()
    {
        var start = await ReadAsync(2);
        Assert.True(
            (start[0] & 0xB0) == 0x80 && (start[1] & 0x80) == 0, "a server's frame is final, has no reserved bits, and is not masked");
        byte[] header = [.. start, .. await ReadAsync(ServerFrame.HeaderSize(start) - start.Length)];
        return (header[0] & 0x7F, await ReadAsync((int)ServerFrame.PayloadLength(header)));
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

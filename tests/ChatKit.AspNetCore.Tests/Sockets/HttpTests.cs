using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>Requests and responses arrive intact, whatever their size, and whoever waits for whom.</summary>
public class HttpTests
{
    /// <summary>The requested system buffer on each side in bytes, so that most writes of a large body have to wait.</summary>
    private const int SmallBuffer = 64 * 1024;

    /// <summary>The writes of a large body, in turn: around the sizes of the transport's buffers, and one that needs several of them.</summary>
    private static readonly int[] Writes = [1, 100, 4095, 4096, 4097, 65_537, 300_000];

    private readonly TaskCompletionSource _writeWaits = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static TheoryData<bool, bool> All => new() { { false, false }, { false, true }, { true, false }, { true, true } };

    [Fact]
    public async Task One_connection_serves_many_requests()
    {
        await using var server = await EpollServer.StartAsync(
            static app => app.MapGet("/", static context => context.Response.WriteAsync(context.Connection.Id)));

        HashSet<string> connections = [];
        for (var i = 0; i < 100; i++)
            connections.Add(await server.Http.GetStringAsync(server.Address, TestContext.Current.CancellationToken));

        Assert.Single(connections);
    }

    [Theory]
    [InlineData(2000, int.MaxValue)]
    [InlineData(2000, 4096)]
    [InlineData(50, 1)]
    public async Task Pipelined_requests_are_answered_in_order(int count, int segment)
    {
        await using var server = await StartEchoAsync();
        using var client = await server.ConnectRawAsync();
        var requests = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, count).Select(i =>
            $"GET /?{i} HTTP/1.1\r\nHost: localhost\r\n{(i == count - 1 ? "Connection: close\r\n" : "")}\r\n")));

        var reading = client.ReadToEndAsync();
        for (var at = 0; at < requests.Length; at += Math.Min(segment, requests.Length - at))
            await client.SendAsync(requests.AsMemory(at, Math.Min(segment, requests.Length - at)));

        var (bytes, wasReset) = await reading;
        Assert.False(wasReset);
        var answers = Regex.Matches(Encoding.ASCII.GetString(bytes), @"<\?([0-9]+)>").Select(static match => match.Groups[1].Value);
        Assert.Equal(Enumerable.Range(0, count).Select(static i => $"{i}"), answers);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_large_upload_arrives_intact(bool http2, bool tls)
    {
        using var certificate = SelfSigned.Create();
        await using var server = await EpollServer.StartAsync(
            static app => app.MapPost("/", static async context =>
                await context.Response.WriteAsync(Convert.ToHexString(await SHA256.HashDataAsync(context.Request.Body)))),
            Listen(http2, tls ? certificate : null));
        using var http = Client(http2, certificate, bufferSize: null);
        using var content = new ByteArrayContent(LargeBody.Bytes);

        using var response = await http.PostAsync(server.Address, content, TestContext.Current.CancellationToken).Soon();

        Assert.Equal(
            Convert.ToHexString(SHA256.HashData(LargeBody.Bytes)), await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_large_download_arrives_intact(bool http2, bool tls)
    {
        using var certificate = SelfSigned.Create();
        await using var server = await EpollServer.StartAsync(app => app.MapGet("/", SendAsync), Listen(http2, tls ? certificate : null));
        using var http = Client(http2, certificate, bufferSize: null);

        var bytes = await http.GetByteArrayAsync(server.Address, TestContext.Current.CancellationToken).Soon();

        LargeBody.AssertEqual(bytes);
    }

    /// <summary>The client reads nothing until the server has to wait, and then small pieces.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task A_large_download_arrives_intact_at_a_slow_client(bool http2, bool tls)
    {
        using var certificate = SelfSigned.Create();
        await using var server = await EpollServer.StartAsync(
            app => app.MapGet("/", SendAsync), Listen(http2, tls ? certificate : null), UseSmallBuffers);
        using var http = Client(http2, certificate, SmallBuffer);
        using var response = await http.GetAsync(
            server.Address, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken).Soon();
        await _writeWaits.Task.Soon();
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);

        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes, bufferSize: 10_000, TestContext.Current.CancellationToken).Soon();

        LargeBody.AssertEqual(bytes.ToArray());
    }

    [Fact]
    public async Task What_is_written_while_a_flush_waits_arrives_behind_it()
    {
        await using var server = await EpollServer.StartAsync(app => app.MapGet("/", async context =>
        {
            context.Response.ContentLength = LargeBody.Size;
            var body = context.Response.BodyWriter;
            await body.WriteAsync(LargeBody.Bytes.AsMemory(0, 1));
            var flushing = body.WriteAsync(LargeBody.Bytes.AsMemory(1, LargeBody.MoreThanBuffers));
            if (!flushing.IsCompleted)
                _writeWaits.SetResult();
            LargeBody.Bytes.AsSpan(1 + LargeBody.MoreThanBuffers, 100).CopyTo(body.GetSpan(100));
            body.Advance(100);
            await flushing;
            await body.WriteAsync(LargeBody.Bytes.AsMemory(101 + LargeBody.MoreThanBuffers));
        }));
        using var http = Client(http2: false, null, bufferSize: null);
        using var response = await http.GetAsync(
            server.Address, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken).Soon();
        await _writeWaits.Task.Soon();

        LargeBody.AssertEqual(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken).Soon());
    }

    /// <summary>Kestrel aborts a connection when a write to a response is canceled, because nobody knows how much of it was sent.</summary>
    [Fact]
    public async Task A_response_does_not_look_whole_if_a_write_is_canceled()
    {
        await using var server = await EpollServer.StartAsync(app => app.MapGet("/", async context =>
        {
            using var cancel = new CancellationTokenSource();
            await context.Response.Body.WriteAsync(new byte[1]);
            var writing = context.Response.Body.WriteAsync(LargeBody.Bytes.AsMemory(0, LargeBody.MoreThanBuffers), cancel.Token).AsTask();
            if (!writing.IsCompleted)
                _writeWaits.SetResult();
            await cancel.CancelAsync();
            _ = await Record.ExceptionAsync(() => writing);
        }));
        using var client = await server.ConnectRawAsync();

        // With HTTP/1.0, the end of the connection is the end of the response.
        Assert.StartsWith("HTTP/1.1 200", await client.RequestAsync("GET / HTTP/1.0\r\n\r\n"), StringComparison.Ordinal);
        await _writeWaits.Task.Soon();

        Assert.True((await client.ReadToEndAsync()).WasReset);
    }

    private static Task<ChatServer> StartEchoAsync() => EpollServer.StartAsync(static app => app.MapGet(
        "/", static context => context.Response.WriteAsync($"<{context.Request.QueryString}>")));

    private async Task SendAsync(HttpContext context)
    {
        context.Response.ContentLength = LargeBody.Size;
        for (int at = 0, i = 0, length; at < LargeBody.Size; at += length, i++)
        {
            length = Math.Min(Writes[i % Writes.Length], LargeBody.Size - at);
            var writing = context.Response.Body.WriteAsync(LargeBody.Bytes.AsMemory(at, length));
            if (!writing.IsCompleted)
                _writeWaits.TrySetResult();
            await writing;
        }
    }

    private static Action<ListenOptions> Listen(bool http2, X509Certificate2? certificate) => options =>
    {
        options.Protocols = http2 ? HttpProtocols.Http2 : HttpProtocols.Http1;
        if (certificate is not null)
            options.UseHttps(certificate);
    };

    private static void UseSmallBuffers(WebApplicationBuilder builder) => builder.WebHost.UseSockets(
        static sockets => sockets.CreateBoundListenSocket = static endpoint =>
        {
            // Accepted sockets inherit it.
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            socket.SendBufferSize = SmallBuffer;
            return socket;
        });

    private static HttpClient Client(bool http2, X509Certificate2? certificate, int? bufferSize) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, stop) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            if (bufferSize is { } size)
                socket.ReceiveBufferSize = size;
            await socket.ConnectAsync(context.DnsEndPoint, stop);
            return new NetworkStream(socket, ownsSocket: true);
        },
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = certificate.Trusted(),
        },
    })
    {
        DefaultRequestVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
}

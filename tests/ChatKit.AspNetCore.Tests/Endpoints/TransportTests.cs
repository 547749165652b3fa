using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Endpoints;

/// <summary>The same over each transport: HTTP/1.1 Upgrade (RFC 6455) and HTTP/2 extended CONNECT (RFC 8441), with and without TLS.</summary>
public class TransportTests
{
    public static TheoryData<bool, bool> All => new() { { false, false }, { false, true }, { true, false }, { true, true } };

    [Theory]
    [MemberData(nameof(All))]
    public async Task Clients_exchange_messages_and_close(bool http2, bool tls)
    {
        using var certificate = SelfSigned.Create();
        var script = new Script { Message = static (connection, message) => connection.BroadcastAsync(message.Text) };
        await using var server = await ChatServer.StartAsync(
            script, static options => options.Subprotocols.Add("v1"), Listen(http2, tls ? certificate : null));
        using var invoker = Invoker(certificate);
        await using var ann = await server.ConnectAsync("/chat/lobby", Settings(http2, invoker));
        await using var bob = await server.ConnectAsync("/chat/lobby", Settings(http2, invoker));
        Assert.Equal("v1", ann.Socket.SubProtocol);
        Assert.Equal(http2 ? HttpStatusCode.OK : HttpStatusCode.SwitchingProtocols, ann.Socket.HttpStatusCode);

        var large = new string('x', 60_000);
        await ann.SendAsync("hi");
        await ann.SendAsync(large);

        Assert.Equal(["hi", large], await ann.ReceiveAsync(2));
        Assert.Equal(["hi", large], await bob.ReceiveAsync(2));
        await ann.CloseAsync((WebSocketCloseStatus)4000, "bye");
        Assert.Equal(new CloseInfo((WebSocketCloseStatus)4000, "bye", WasClean: true), await script.Closed);
    }

    public static MatrixTheoryData<(bool Http2, bool Tls), (bool Enabled, bool Offered)> AllWithCompression => new(
        [(false, false), (false, true), (true, false), (true, true)],
        [(false, false), (false, true), (true, false), (true, true)]);

    [Theory]
    [MemberData(nameof(AllWithCompression))]
    public async Task The_subprotocol_is_selected_whether_messages_are_compressed_or_not(
        (bool Http2, bool Tls) transport, (bool Enabled, bool Offered) compression)
    {
        using var certificate = SelfSigned.Create();
        await using var server = await ChatServer.StartAsync(
            new Script(),
            options => options.EnableCompression = compression.Enabled,
            Listen(transport.Http2, transport.Tls ? certificate : null));
        using var invoker = Invoker(certificate);

        await using var client = await server.ConnectAsync("/chat/lobby", Settings(transport.Http2, invoker, options =>
        {
            options.AddSubProtocol(ChatKitSubprotocol.V1);
            options.DangerousDeflateOptions = compression.Offered ? new WebSocketDeflateOptions() : null;
        }));

        Assert.Equal(ChatKitSubprotocol.V1, client.Socket.SubProtocol);
        Assert.Equal(compression is (true, true), client.Socket.HttpResponseHeaders!.ContainsKey("Sec-WebSocket-Extensions"));
        Assert.StartsWith("""{"type":"welcome",""", await client.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task The_server_notices_a_lost_client(bool http2, bool tls)
    {
        using var certificate = SelfSigned.Create();
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script, null, Listen(http2, tls ? certificate : null));
        using var invoker = Invoker(certificate);
        var client = await server.ConnectAsync("/chat/lobby", Settings(http2, invoker));
        await script.Opened;

        client.Socket.Abort();

        var close = await script.Closed;
        Assert.Equal(1006, (int)close.Code);
        Assert.False(close.WasClean);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task The_close_frame_of_the_server_arrives(bool http2, bool tls)
    {
        using var certificate = SelfSigned.Create();
        var script = new Script { Open = static connection => connection.CloseAsync((WebSocketCloseStatus)4001, "not you") };
        await using var server = await ChatServer.StartAsync(script, null, Listen(http2, tls ? certificate : null));
        using var invoker = Invoker(certificate);

        await using var client = await server.ConnectAsync("/chat/lobby", Settings(http2, invoker));

        Assert.Equal(((WebSocketCloseStatus)4001, "not you"), await client.ReceiveCloseAsync());
        Assert.True((await script.Closed).WasClean);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_body_limits_of_the_server_do_not_apply(bool http2)
    {
        await using var server = await ChatServer.StartAsync(
            app => app.MapWebSocketHandler<ScriptedHandler>("/msg"),
            builder =>
            {
                builder.Services.AddSingleton(new Script());
                builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Limits.MaxRequestBodySize = 100);
            },
            Listen(http2, null));
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        await using var client = await server.ConnectAsync("/msg", Settings(http2, invoker));

        for (var i = 0; i < 10; i++)
        {
            await client.SendAsync(new string('x', 200));
            Assert.Equal(200, (await client.ReceiveAsync()).Length);
        }
    }

    [Fact]
    public async Task The_minimum_request_body_rate_of_the_server_does_not_end_http2_connections()
    {
        var cut = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await ChatServer.StartAsync(
            app =>
            {
                app.MapWebSocketHandler<ScriptedHandler>("/msg");
                app.MapPost("/upload", async context =>
                    cut.SetResult(await Record.ExceptionAsync(() => context.Request.Body.CopyToAsync(Stream.Null))));
            },
            builder =>
            {
                builder.Services.AddSingleton(new Script());
                builder.WebHost.ConfigureKestrel(static kestrel =>
                    kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1_000_000, gracePeriod: TimeSpan.FromSeconds(1.1)));
            },
            Listen(http2: true, null));
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        await using var client = await server.ConnectAsync("/msg", Settings(http2: true, invoker));
        await client.SendAsync("early");
        Assert.Equal("early", await client.ReceiveAsync());

        // By now, the server has ended an upload that started later and is equally silent.
        using var body = new StalledContent();
        using var upload = new HttpRequestMessage(HttpMethod.Post, new Uri("/upload", UriKind.Relative))
        {
            Content = body,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var uploading = Record.ExceptionAsync(() => server.Http.SendAsync(upload, TestContext.Current.CancellationToken));
        Assert.NotNull(await cut.Task.Soon());

        await client.SendAsync("late");
        Assert.Equal("late", await client.ReceiveAsync());
        server.Http.CancelPendingRequests();
        await uploading;
    }

    private static Action<ListenOptions> Listen(bool http2, X509Certificate2? certificate) => options =>
    {
        options.Protocols = http2 ? HttpProtocols.Http2 : HttpProtocols.Http1;
        if (certificate is not null)
            options.UseHttps(certificate);
    };

    private static ClientSettings Settings(bool http2, HttpMessageInvoker invoker) =>
        Settings(http2, invoker, static options => options.AddSubProtocol("v1"));

    private static ClientSettings Settings(bool http2, HttpMessageInvoker invoker, Action<ClientWebSocketOptions> configure) => new()
    {
        Invoker = invoker,
        Options = options =>
        {
            options.HttpVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11;
            options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            configure(options);
        },
    };

    private static HttpMessageInvoker Invoker(X509Certificate2 certificate) => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = certificate.Trusted(),
        },
    });

    /// <summary>A request body that starts and then stalls.</summary>
    private sealed class StalledContent : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(new byte[1], cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

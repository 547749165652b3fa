using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>Which transport serves, and the options that it shares with Kestrel's own.</summary>
public class OptionTests
{
    public enum Other
    {
        None,
        KestrelBefore,
        KestrelAfter,
        SocketsBefore,
        SocketsAfter,
    }

    [Theory]
    [InlineData(Other.None)]
    [InlineData(Other.KestrelBefore)]
    [InlineData(Other.KestrelAfter)]
    [InlineData(Other.SocketsBefore)]
    [InlineData(Other.SocketsAfter)]
    public async Task The_transport_serves_whatever_is_configured_before_or_after_it(Other other)
    {
        await using var server = await StartAsync(builder =>
        {
            Use(builder, other is Other.KestrelBefore, other is Other.SocketsBefore);
            builder.WebHost.UseChatKitSockets();
            Use(builder, other is Other.KestrelAfter, other is Other.SocketsAfter);
        });

        Assert.Equal("epoll", await AskAsync(server));
    }

    /// <summary>Without this, the test above could not fail.</summary>
    [Fact]
    public async Task Without_it_Kestrels_own_transport_serves()
    {
        await using var server = await StartAsync(static _ => { });

        Assert.Equal("Kestrel", await AskAsync(server));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_listening_socket_is_the_one_that_the_options_create(bool after)
    {
        var calls = 0;
        void Configure(SocketTransportOptions sockets) => sockets.CreateBoundListenSocket = endpoint =>
        {
            Interlocked.Increment(ref calls);
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        };

        await using var server = await StartAsync(builder =>
        {
            if (!after)
                builder.WebHost.UseSockets(Configure);
            builder.WebHost.UseChatKitSockets();
            if (after)
                builder.WebHost.UseSockets(Configure);
        });

        Assert.Equal("epoll", await AskAsync(server));
        Assert.Equal(1, calls);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Connections_delay_small_segments_as_the_options_say(bool epoll, bool noDelay)
    {
        await using var server = await StartAsync(builder =>
        {
            builder.WebHost.UseSockets(options => options.NoDelay = noDelay);
            if (epoll)
                builder.WebHost.UseChatKitSockets();
        });
        using var client = await server.ConnectRawAsync();
        Assert.StartsWith("HTTP/1.1 200", await client.RequestAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), StringComparison.Ordinal);

        var descriptor = Assert.Single(ServerSockets.DescriptorsOf(await ServerSockets.InodesAsync(server.Address.Port, 1)));
        using var handle = new SafeSocketHandle(descriptor, ownsHandle: false);
        using var socket = new Socket(handle);
        Assert.Equal(noDelay, socket.NoDelay);
    }

    private static Task<ChatServer> StartAsync(Action<WebApplicationBuilder> build)
    {
        EpollServer.RequireLinux();

        // Only connections of Kestrel's own transport show their sockets.
        return ChatServer.StartAsync(
            static app => app.MapGet("/", static context => context.Response.WriteAsync(
                context.Features.Get<IConnectionSocketFeature>() is null ? "epoll" : "Kestrel")),
            build);
    }

    private static Task<string> AskAsync(ChatServer server) => server.Http.GetStringAsync(server.Address, TestContext.Current.CancellationToken);

    private static void Use(WebApplicationBuilder builder, bool kestrel, bool sockets)
    {
        if (kestrel)
            builder.WebHost.UseKestrel();
        if (sockets)
            builder.WebHost.UseSockets();
    }
}

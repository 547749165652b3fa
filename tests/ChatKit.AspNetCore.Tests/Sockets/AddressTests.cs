using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>The addresses of connections and of listeners. The same assertions hold for Kestrel's own transport.</summary>
public class AddressTests
{
    public enum Listener
    {
        Loopback,
        LoopbackV6,
        Any,
        AnyV4,
    }

    /// <summary>A listener for both families shows addresses of IPv4 as those of IPv6.</summary>
    public static MatrixTheoryData<bool, (Listener Listener, string Client, string Shown)> Cases => new(
        [false, true],
        [
            (Listener.Loopback, "127.0.0.1", "127.0.0.1"),
            (Listener.LoopbackV6, "::1", "::1"),
            (Listener.Any, "127.0.0.1", "::ffff:127.0.0.1"),
            (Listener.Any, "::1", "::1"),
            (Listener.AnyV4, "127.0.0.1", "127.0.0.1"),
            (Listener.AnyV4, "127.0.0.2", "127.0.0.2"),
        ]);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_request_has_the_addresses_of_both_sides(bool epoll, (Listener Listener, string Client, string Shown) one)
    {
        var client = IPAddress.Parse(one.Client);
        if (client.AddressFamily == AddressFamily.InterNetworkV6 || one.Listener == Listener.Any)
            Assert.SkipUnless(HasIPv6(), "the system has no ::1");
        await using var app = await StartAsync(epoll, kestrel => Listen(kestrel, one.Listener));
        var port = new Uri(app.Urls.Single()).Port;

        using var socket = new Socket(client.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(client, 0));
        await socket.ConnectAsync(client, port).Soon();
        var own = ((IPEndPoint)socket.LocalEndPoint!).Port;

        Assert.Equal($"{one.Shown} {own} {one.Shown} {port}", await AskAsync(socket));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connections_over_a_Unix_socket_are_served_beside(bool epoll)
    {
        var path = Path.Combine(Path.GetTempPath(), $"chatkit-{Guid.NewGuid():N}.sock");
        await using var app = await StartAsync(epoll, kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.ListenUnixSocket(path);
        });
        using var unix = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        await unix.ConnectAsync(new UnixDomainSocketEndPoint(path)).Soon();
        await tcp.ConnectAsync(IPAddress.Loopback, new Uri(app.Urls.First()).Port).Soon();

        Assert.Equal(" 0  0", await AskAsync(unix));
        Assert.StartsWith("127.0.0.1 ", await AskAsync(tcp), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_address_that_is_in_use_is_reported_as_such(bool epoll)
    {
        using var occupied = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        occupied.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        occupied.Listen();
        var port = ((IPEndPoint)occupied.LocalEndPoint!).Port;

        var error = await Assert.ThrowsAsync<IOException>(() => StartAsync(epoll, kestrel => kestrel.Listen(IPAddress.Loopback, port)));

        Assert.Contains($"127.0.0.1:{port}: address already in use", error.Message, StringComparison.Ordinal);
        var inner = Assert.IsType<AddressInUseException>(error.InnerException);
        Assert.Equal(SocketError.AddressAlreadyInUse, Assert.IsType<SocketException>(inner.InnerException).SocketErrorCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_address_that_is_not_of_this_machine_is_reported_as_such(bool epoll)
    {
        // Of a network that is only for documentation (RFC 5737).
        var error = await Assert.ThrowsAsync<SocketException>(
            () => StartAsync(epoll, static kestrel => kestrel.Listen(IPAddress.Parse("192.0.2.1"), 0)));

        Assert.Equal(SocketError.AddressNotAvailable, error.SocketErrorCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_address_is_free_again_when_the_server_has_stopped(bool epoll)
    {
        await using var first = await StartAsync(epoll, static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var port = new Uri(first.Urls.Single()).Port;
        await first.StopAsync(TestContext.Current.CancellationToken).Soon();

        await using var second = await StartAsync(epoll, kestrel => kestrel.Listen(IPAddress.Loopback, port));
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port).Soon();

        Assert.EndsWith($" 127.0.0.1 {port}", await AskAsync(socket), StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartAsync(bool epoll, Action<KestrelServerOptions> listen)
    {
        EpollServer.RequireLinux();

        // A watched configuration file would use one inotify instance per test.
        var builder = WebApplication.CreateBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(listen);
        if (epoll)
            builder.WebHost.UseChatKitSockets();
        var app = builder.Build();
        app.MapGet("/", static context => context.Response.WriteAsync(
            $"{context.Connection.RemoteIpAddress} {context.Connection.RemotePort} " +
            $"{context.Connection.LocalIpAddress} {context.Connection.LocalPort}"));
        try
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    private static void Listen(KestrelServerOptions kestrel, Listener listener)
    {
        switch (listener)
        {
            case Listener.Loopback:
                kestrel.Listen(IPAddress.Loopback, 0);
                break;
            case Listener.LoopbackV6:
                kestrel.Listen(IPAddress.IPv6Loopback, 0);
                break;
            case Listener.Any:
                kestrel.ListenAnyIP(0);
                break;
            default:
                kestrel.Listen(IPAddress.Any, 0);
                break;
        }
    }

    /// <summary>Returns the body of the response, which ends the connection.</summary>
    private static async Task<string> AskAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray()).AsTask().Soon();
        using var reader = new StreamReader(stream);
        var response = await reader.ReadToEndAsync().Soon();
        return response[(response.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
    }

    private static bool HasIPv6()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

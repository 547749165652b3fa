using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace ChatKit.AspNetCore.Tests.Security;

/// <summary>
/// The same-origin check behind a real reverse proxy. By default, YARP sends its own host to the application, and the client's host in
/// forwarded headers.
/// </summary>
public class ReverseProxyTests
{
    private const string Public = "chat.example";

    [Fact]
    public async Task With_forwarded_headers_the_public_host_is_the_same_origin_and_no_other_is()
    {
        await using var server = await StartAsync(static app => app.UseForwardedHeaders(new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedHost | ForwardedHeaders.XForwardedProto,
            KnownProxies = { IPAddress.Loopback },
        }));
        await using var proxy = await StartProxyAsync(server);

        await using var client = await proxy.ConnectAsync("/chat/lobby", new ClientSettings
        {
            Options = static options =>
            {
                options.SetRequestHeader("Host", Public);
                options.SetRequestHeader("Origin", $"https://{Public}");
            },
        });
        await client.SendAsync("hi");
        Assert.Equal("hi", await client.ReceiveAsync());

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(proxy, "https://evil.net"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(proxy, server.Address.GetLeftPart(UriPartial.Authority)));
    }

    [Fact]
    public async Task Forwarded_headers_of_a_client_are_ignored_behind_the_proxy()
    {
        await using var server = await StartAsync(static app => app.UseForwardedHeaders(new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedHost | ForwardedHeaders.XForwardedProto,
            KnownProxies = { IPAddress.Loopback },
        }));
        await using var proxy = await StartProxyAsync(server);

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(proxy, "https://evil.net", ("X-Forwarded-Host", "evil.net")));
    }

    [Fact]
    public async Task Without_forwarded_headers_the_public_host_is_refused_and_the_log_names_the_fix()
    {
        await using var server = await StartAsync(static _ => { });
        await using var proxy = await StartProxyAsync(server);

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(proxy, $"https://{Public}"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(proxy, "https://evil.net", ("X-Forwarded-Host", "evil.net")));

        var line = server.Logs.Entries.First(static entry => entry.Id == 301);
        Assert.Equal(LogLevel.Information, line.Level);
        Assert.Contains($"https://{Public}", line.Message, StringComparison.Ordinal);
        Assert.Contains(server.Address.Authority, line.Message, StringComparison.Ordinal);
        Assert.Contains("UseForwardedHeaders()", line.Message, StringComparison.Ordinal);
    }

    /// <summary>One loopback address belongs to the proxy, and another does not.</summary>
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.0.2", false)]
    public async Task A_forwarded_host_counts_only_from_the_address_of_the_proxy(string from, bool counts)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only on Linux the loopback has all addresses of 127.0.0.0/8");
        await using var server = await StartAsync(static app =>
        {
            var options = new ForwardedHeadersOptions
            {
                ForwardedHeaders = ForwardedHeaders.XForwardedHost | ForwardedHeaders.XForwardedProto,
                KnownProxies = { IPAddress.Loopback },
            };
            options.KnownIPNetworks.Clear(); // By default, it contains all loopback addresses.
            app.UseForwardedHeaders(options);
        });
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port, TestContext.Current.CancellationToken);

        await socket.SendAsync(
            Encoding.ASCII.GetBytes(RawClient.Handshake("/chat/lobby", headers: ["Origin: https://evil.net", "X-Forwarded-Host: evil.net"])));
        var answer = new byte[12];
        await new NetworkStream(socket).ReadExactlyAsync(answer, TestContext.Current.CancellationToken).AsTask().Soon();

        Assert.Equal(counts ? "HTTP/1.1 101" : "HTTP/1.1 403", Encoding.ASCII.GetString(answer));
    }

    private static async Task<HttpStatusCode> StatusAsync(ChatServer proxy, string origin, params (string, string)[] headers)
    {
        using var response = await proxy.HandshakeAsync("/chat/lobby", [("Host", Public), ("Origin", origin), .. headers]);
        return response.StatusCode;
    }

    private static Task<ChatServer> StartAsync(Action<WebApplication> configure) => ChatServer.StartAsync(
        app =>
        {
            configure(app);
            app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}");
        },
        static builder => builder.Services.AddSingleton(new Script()));

    private static Task<ChatServer> StartProxyAsync(ChatServer server) => ChatServer.StartAsync(
        static app => app.MapReverseProxy(),
        builder => builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "chat", Match = new RouteMatch { Path = "{**all}" } }],
            [
                new ClusterConfig
                {
                    ClusterId = "chat",
                    Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = server.Address.AbsoluteUri } },
                },
            ]));
}

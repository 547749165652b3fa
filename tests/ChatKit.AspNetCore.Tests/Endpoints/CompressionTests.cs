using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ChatKit.AspNetCore.Tests.Endpoints;

public class CompressionTests
{
    private static readonly string Long = string.Concat(Enumerable.Range(0, 10_000).Select(static i => $"{i % 100:00} "));

    public static TheoryData<WebSocketDeflateOptions> Offers =>
    [
        new WebSocketDeflateOptions(),
        new WebSocketDeflateOptions { ClientContextTakeover = false, ServerContextTakeover = false },
        new WebSocketDeflateOptions { ClientMaxWindowBits = 9 },
        new WebSocketDeflateOptions { ServerMaxWindowBits = 9 },
        new WebSocketDeflateOptions { ClientMaxWindowBits = 10, ServerMaxWindowBits = 14 },
    ];

    [Theory]
    [InlineData(
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover")]
    [InlineData(
        "permessage-deflate; server_max_window_bits=16, permessage-deflate; client_max_window_bits=12",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=12")]
    [InlineData(
        "mux, permessage-deflate; server_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover")]
    [InlineData(
        "permessage-deflate; server_max_window_bits=10",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10")]
    [InlineData("permessage-deflate; level=9", null)]
    public async Task An_offer_is_answered_in_the_handshake(string offer, string? answer)
    {
        await using var server = await ChatServer.StartAsync(new Script(), static options => options.EnableCompression = true);
        using var client = await server.ConnectRawAsync();

        var response = await client.RequestAsync(
            RawClient.Handshake("/chat/lobby", headers: $"Sec-WebSocket-Extensions: {offer}"));

        Assert.StartsWith("HTTP/1.1 101", response, StringComparison.Ordinal);
        Assert.Equal(answer, ExtensionsOf(response));
    }

    [Fact]
    public async Task Offers_may_be_in_several_headers()
    {
        await using var server = await ChatServer.StartAsync(new Script(), static options => options.EnableCompression = true);
        using var client = await server.ConnectRawAsync();

        var response = await client.RequestAsync(RawClient.Handshake(
            "/chat/lobby",
            headers: ["Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=7", "Sec-WebSocket-Extensions: permessage-deflate"]));

        Assert.Equal("permessage-deflate; server_no_context_takeover; client_no_context_takeover", ExtensionsOf(response));
    }

    [Fact]
    public async Task Compression_is_off_by_default_even_if_the_client_offers_it()
    {
        await using var server = await ChatServer.StartAsync(new Script());

        await using var client = await server.ConnectAsync("/chat/lobby", Offer(new()));
        await client.SendAsync("hi");

        Assert.Equal("hi", await client.ReceiveAsync());
        Assert.False(client.Socket.HttpResponseHeaders!.ContainsKey("Sec-WebSocket-Extensions"));
    }

    [Theory]
    [MemberData(nameof(Offers), DisableDiscoveryEnumeration = true)]
    public async Task A_long_text_and_its_answer_arrive_unchanged(WebSocketDeflateOptions offer)
    {
        await using var server = await ChatServer.StartAsync(new Script(), static options => options.EnableCompression = true);

        await using var client = await server.ConnectAsync("/chat/lobby", Offer(offer));
        Assert.StartsWith(
            "permessage-deflate", Assert.Single(client.Socket.HttpResponseHeaders!["Sec-WebSocket-Extensions"]), StringComparison.Ordinal);

        // Each message is compressed on its own and must not refer to the previous one.
        foreach (var text in new[] { Long, "", "short", Long })
        {
            await client.SendAsync(text);
            Assert.Equal(text, await client.ReceiveAsync());
        }
    }

    [Fact]
    public async Task Compression_works_over_http2_too()
    {
        await using var server = await ChatServer.StartAsync(
            new Script(), static options => options.EnableCompression = true, static listen => listen.Protocols = HttpProtocols.Http2);
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());

        await using var client = await server.ConnectAsync("/chat/lobby", new ClientSettings
        {
            Invoker = invoker,
            Options = static options =>
            {
                options.HttpVersion = HttpVersion.Version20;
                options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
                options.DangerousDeflateOptions = new WebSocketDeflateOptions();
            },
        });
        await client.SendAsync(Long);

        Assert.Equal(
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            Assert.Single(client.Socket.HttpResponseHeaders!["Sec-WebSocket-Extensions"]));
        Assert.Equal(Long, await client.ReceiveAsync());
    }

    [Fact]
    public async Task Members_with_and_without_compression_receive_the_same_messages()
    {
        await using var server = await ChatServer.StartAsync(Script.Broadcasting, static options => options.EnableCompression = true);
        var members = new List<ChatClient>();
        foreach (var subprotocol in new[] { null, ChatKitSubprotocol.V1 })
        {
            foreach (var offer in new[] { null, new(), new() { ServerMaxWindowBits = 9 }, new WebSocketDeflateOptions { ServerMaxWindowBits = 12 } })
                members.Add(await server.ConnectAsync("/chat/lobby", Offer(offer, subprotocol)));
        }

        foreach (var member in members.Where(static member => member.Socket.SubProtocol is not null))
            Assert.Contains("\"live\"", (await member.ReceiveAsync(2))[1], StringComparison.Ordinal);
        foreach (var text in new[] { Long, "short", Long[..300] })
        {
            await members[0].SendAsync(text);
            foreach (var member in members)
                Assert.Contains(text, await member.ReceiveAsync(), StringComparison.Ordinal);
        }

        foreach (var member in members)
            await member.DisposeAsync();
    }

    [Fact]
    public async Task A_client_that_does_not_offer_compression_gets_none()
    {
        await using var server = await ChatServer.StartAsync(new Script(), static options => options.EnableCompression = true);

        await using var client = await server.ConnectAsync("/chat/lobby");
        await client.SendAsync("hi");

        Assert.Equal("hi", await client.ReceiveAsync());
    }

    [Fact]
    public async Task The_limit_applies_to_the_inflated_size()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script, static options =>
        {
            options.EnableCompression = true;
            options.MaxMessageSize = 1000;
        });
        await using var client = await server.ConnectAsync("/chat/lobby", Offer(new()));
        await client.SendAsync(new string('x', 1000));
        Assert.Equal(1000, (await client.ReceiveAsync()).Length);

        await client.SendAsync(new string('x', 1001));

        Assert.Equal(WebSocketCloseStatus.MessageTooBig, (await client.ReceiveCloseAsync()).Code);
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, (await script.Closed).Code);
    }

    private static string? ExtensionsOf(string response) =>
        response.Split("\r\n")
            .SingleOrDefault(static line => line.StartsWith("Sec-WebSocket-Extensions:", StringComparison.Ordinal))?.Split(": ")[1];

    private static ClientSettings Offer(WebSocketDeflateOptions? offer, string? subprotocol = null) => new()
    {
        Options = options =>
        {
            options.DangerousDeflateOptions = offer;
            if (subprotocol is not null)
                options.AddSubProtocol(subprotocol);
        },
    };
}

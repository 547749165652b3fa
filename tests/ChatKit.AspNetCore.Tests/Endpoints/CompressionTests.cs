using System.Net.WebSockets;

namespace ChatKit.AspNetCore.Tests.Endpoints;

public class CompressionTests
{
    private static readonly string Long = string.Concat(Enumerable.Range(0, 10_000).Select(static i => $"{i % 100:00} "));

    public static TheoryData<WebSocketDeflateOptions> Offers =>
    [
        new WebSocketDeflateOptions(),
        new WebSocketDeflateOptions { ClientContextTakeover = false, ServerContextTakeover = false },
        new WebSocketDeflateOptions { ClientMaxWindowBits = 9, ServerMaxWindowBits = 9 },
    ];

    [Fact]
    public async Task Is_off_by_default_also_when_the_client_offers_it()
    {
        await using var server = await ChatServer.StartAsync(new Script());

        await using var client = await server.ConnectAsync("/chat/lobby", Offer(new()));
        await client.SendAsync("hi");

        Assert.Equal("hi", await client.ReceiveAsync());
        Assert.False(client.Socket.HttpResponseHeaders!.ContainsKey("Sec-WebSocket-Extensions"));
    }

    [Theory]
    [MemberData(nameof(Offers), DisableDiscoveryEnumeration = true)]
    public async Task A_long_text_arrives_whole_and_so_does_the_answer(WebSocketDeflateOptions offer)
    {
        await using var server = await ChatServer.StartAsync(new Script(), static options => options.EnableCompression = true);

        await using var client = await server.ConnectAsync("/chat/lobby", Offer(offer));
        Assert.StartsWith(
            "permessage-deflate", Assert.Single(client.Socket.HttpResponseHeaders!["Sec-WebSocket-Extensions"]), StringComparison.Ordinal);

        // The second may refer to the first, if the context is kept.
        foreach (var text in new[] { Long, "", "short", Long })
        {
            await client.SendAsync(text);
            Assert.Equal(text, await client.ReceiveAsync());
        }
    }

    [Fact]
    public async Task A_client_that_does_not_offer_it_goes_without()
    {
        await using var server = await ChatServer.StartAsync(new Script(), static options => options.EnableCompression = true);

        await using var client = await server.ConnectAsync("/chat/lobby");
        await client.SendAsync("hi");

        Assert.Equal("hi", await client.ReceiveAsync());
    }

    [Fact]
    public async Task The_limit_is_of_what_comes_out()
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

    private static ClientSettings Offer(WebSocketDeflateOptions offer) =>
        new() { Options = options => options.DangerousDeflateOptions = offer };
}

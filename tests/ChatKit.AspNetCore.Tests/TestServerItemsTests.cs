using ChatKit.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests;

/// <summary>A handler that needs the request of its handshake, without ASP.NET Core around it.</summary>
public sealed class TestServerItemsTests
{
    [Fact]
    public async Task A_test_gives_a_handler_its_HttpContext()
    {
        await using var server = await ChatTestServer.StartAsync(
            static services => services.AddChatKit(), static chat => chat.Map<Greeter>("/chat/{room}"));
        var request = new DefaultHttpContext { Request = { QueryString = new QueryString("?name=anna") } };
        await using var client = await server.ConnectAsync("/chat/lobby", new ChatTestClientOptions { Items = { [typeof(HttpContext)] = request } });
        await using var other = await server.ConnectAsync("/chat/lobby");

        await client.SendAsync("who am I?");
        await other.SendAsync("and I?");

        Assert.Equal("anna", (await client.ReceiveAsync("message")).Text);
        Assert.Equal("unknown", (await other.ReceiveAsync("message")).Text);
    }

    private sealed class Greeter : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) =>
            SendAsync(Connection.GetHttpContext() is { } context ? context.Request.Query["name"].ToString() : "unknown");
    }
}

using System.Net;
using Microsoft.AspNetCore.Builder;

namespace ChatKit.AspNetCore.Tests;

public class HomeRoomTests
{
    [Fact]
    public async Task A_slash_in_a_route_value_does_not_lead_to_the_rooms_of_others()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script);

        await using var client = await server.ConnectAsync("/chat/acme%2Flobby");

        Assert.Equal("acme%2Flobby", (await script.Opened).Room);
    }

    [Fact]
    public async Task Two_clients_exchange_messages_and_a_late_one_gets_the_history_first()
    {
        await using var server = await ChatServer.StartAsync(app => app.MapWebSocketHandler<ChatRoom>("/chat/{room}"));
        await using var ann = await server.ConnectAsync("/chat/lobby");
        await ann.SendAsync("one");
        Assert.Equal("one", await ann.ReceiveAsync());
        await using var bob = await server.ConnectAsync("/chat/lobby");
        Assert.Equal("one", await bob.ReceiveAsync());
        await bob.SendAsync("two");
        Assert.Equal("two", await ann.ReceiveAsync());
        Assert.Equal("two", await bob.ReceiveAsync());

        await using var late = await server.ConnectAsync("/chat/lobby");
        Assert.Equal(["one", "two"], await late.ReceiveAsync(2));
        await ann.SendAsync("three");
        Assert.Equal("three", await late.ReceiveAsync());
    }

    [Fact]
    public async Task Rooms_do_not_receive_each_others_messages()
    {
        await using var server = await ChatServer.StartAsync(app => app.MapWebSocketHandler<ChatRoom>("/chat/{room}"));
        await using var red = await server.ConnectAsync("/chat/red");
        await using var blue = await server.ConnectAsync("/chat/blue");
        await red.SendAsync("for red");
        Assert.Equal("for red", await red.ReceiveAsync());

        await blue.SendAsync("for blue");

        Assert.Equal("for blue", await blue.ReceiveAsync());
    }

    [Fact]
    public async Task A_route_without_a_room_is_one_room()
    {
        await using var server = await ChatServer.StartAsync(app => app.MapWebSocketHandler<ChatRoom>("/msg"));
        await using var ann = await server.ConnectAsync("/msg");
        await ann.SendAsync("hi");
        await ann.ReceiveAsync();

        await using var bob = await server.ConnectAsync("/msg");

        Assert.Equal("hi", await bob.ReceiveAsync());
    }

    [Fact]
    public async Task The_room_is_the_decoded_route_value()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script);
        await using var client = await server.ConnectAsync("/chat/caf%C3%A9%20%F0%9F%92%AC");

        var connection = await script.Opened;

        Assert.Equal("café 💬", connection.Room);
        Assert.Equal("café 💬", connection.RouteValues["room"]);
    }

    [Fact]
    public async Task Endpoints_share_the_rooms()
    {
        await using var server = await ChatServer.StartAsync(app =>
        {
            app.MapWebSocketHandler<ChatRoom>("/chat/{room}");
            app.MapWebSocketHandler<ChatRoom>("/v2/{room}");
        });
        await using var old = await server.ConnectAsync("/chat/lobby");
        await old.SendAsync("hi");
        await old.ReceiveAsync();

        await using var other = await server.ConnectAsync("/v2/lobby");

        Assert.Equal("hi", await other.ReceiveAsync());
    }

    [Fact]
    public async Task The_same_pattern_in_two_groups_is_two_rooms()
    {
        await using var server = await ChatServer.StartAsync(app =>
        {
            app.MapGroup("/a").MapWebSocketHandler<ChatRoom>("/msg");
            app.MapGroup("/b").MapWebSocketHandler<ChatRoom>("/msg");
        });
        await using var a = await server.ConnectAsync("/a/msg");
        await a.SendAsync("for a");
        Assert.Equal("for a", await a.ReceiveAsync());

        await using var b = await server.ConnectAsync("/b/msg");
        await b.SendAsync("for b");

        Assert.Equal("for b", await b.ReceiveAsync());
    }

    [Fact]
    public async Task Tenants_in_the_room_name_do_not_share_rooms()
    {
        await using var server = await ChatServer.StartAsync(app => app.MapWebSocketHandler<ChatRoom>(
            "/{tenant}/chat/{room}",
            static options => options.HomeRoom = static context => $"{context.Request.RouteValues["tenant"]}:{context.Request.RouteValues["room"]}"));
        await using var acme = await server.ConnectAsync("/acme/chat/lobby");
        await acme.SendAsync("for acme");
        Assert.Equal("for acme", await acme.ReceiveAsync());

        await using var other = await server.ConnectAsync("/other/chat/lobby");
        await other.SendAsync("for others");

        Assert.Equal("for others", await other.ReceiveAsync());
    }

    [Theory]
    [InlineData(null, "must not be empty")]
    [InlineData("", "must not be empty")]
    [InlineData("a\u2028b", "U+2028 at index 1")]
    public async Task An_invalid_room_name_is_answered_with_400_and_the_reason(string? room, string reason)
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script, options => options.HomeRoom = _ => room);

        using var response = await server.HandshakeAsync("/chat/lobby");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(reason, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Empty(script.Calls);
    }

    [Theory]
    [InlineData("/chat", "")]
    [InlineData("", "")]
    public async Task A_pattern_may_be_empty(string group, string pattern)
    {
        await using var server = await ChatServer.StartAsync(app => app.MapGroup(group).MapWebSocketHandler<ChatRoom>(pattern));

        await using var client = await server.ConnectAsync(group);
        await client.SendAsync("hi");

        Assert.Equal("hi", await client.ReceiveAsync());
    }
}

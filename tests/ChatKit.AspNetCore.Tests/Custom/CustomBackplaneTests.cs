using System.Net.WebSockets;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Custom;

/// <summary>Two nodes with a backplane that only uses public members.</summary>
public sealed class CustomBackplaneTests : IAsyncLifetime
{
    private readonly List<ChatServer> _nodes = [];

    public async ValueTask InitializeAsync()
    {
        var (bus, history) = (new Bus(), new TableHistory());
        for (var i = 0; i < 2; i++)
        {
            _nodes.Add(await ChatServer.StartAsync(
                static app =>
                {
                    app.Use((context, next) =>
                    {
                        if (context.Request.Query["user"].ToString() is { Length: > 0 } user)
                            context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", user)], "test"));
                        return next(context);
                    });
                    app.MapWebSocketHandler<ChatRoom>("/chat/{room}", static options => options.TrackPresence = true);
                },
                builder => builder.Services
                    .AddSingleton<IMessageHistory>(history)
                    .AddSingleton<IBackplane>(services => new BusBackplane(bus, services.GetRequiredService<IMessageHistory>()))));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
    }

    [Fact]
    public async Task A_disconnected_user_is_closed_on_every_node_and_receives_nothing_else()
    {
        await using var here = await EnterAsync(_nodes[0], "anna");
        await using var there = await EnterAsync(_nodes[1], "anna");

        await Rooms(_nodes[0]).DisconnectUserAsync("anna", (WebSocketCloseStatus)4001, "go");

        foreach (var client in new[] { here, there })
        {
            var end = await Assert.ThrowsAnyAsync<Exception>(client.ReceiveAsync);
            Assert.Contains("closed with 4001 go", end.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_new_member_is_announced_and_empty_messages_are_not_broadcast()
    {
        await using var plain = await EnterAsync(_nodes[1], "plain");
        await using var listener = await _nodes[1].ConnectAsync(
            "/chat/lobby?user=anna", new ClientSettings { Options = static options => options.AddSubProtocol("chatkit.v1") });
        await ReceiveUntilAsync(listener, "\"here\":");

        await using var bob = await EnterAsync(_nodes[0], "bob");
        await Rooms(_nodes[0]).BroadcastAsync("lobby", "after");

        Assert.Contains("\"joined\":[\"bob\"]", await ReceiveUntilAsync(listener, "\"joined\":[\"bob\"]"), StringComparison.Ordinal);
        Assert.Equal("after", await plain.ReceiveAsync());
    }

    [Fact]
    public async Task Messages_to_a_room_and_to_a_user_reach_the_other_node_once()
    {
        await using var here = await EnterAsync(_nodes[0], "anna");
        await using var there = await EnterAsync(_nodes[1], "bob");

        await here.SendAsync("from here");
        Assert.Equal("from here", await here.ReceiveAsync());
        Assert.Equal("from here", await there.ReceiveAsync());
        await Rooms(_nodes[0]).SendToUserAsync("bob", "for bob");
        Assert.Equal("for bob", await there.ReceiveAsync());
    }

    private static IRoomBroadcaster Rooms(ChatServer node) => node.Services.GetRequiredService<IRoomBroadcaster>();

    /// <summary>Connects a plain client that is in the lobby.</summary>
    private static async Task<ChatClient> EnterAsync(ChatServer node, string user)
    {
        var client = await node.ConnectAsync($"/chat/lobby?user={user}");
        var presence = node.Services.GetRequiredService<IRoomPresence>();
        await Patience.UntilAsync(async () => (await presence.ListAsync("lobby")).Contains(user), $"{user} is in the lobby");
        return client;
    }

    private static async Task<string> ReceiveUntilAsync(ChatClient client, string part)
    {
        while (true)
        {
            var frame = await client.ReceiveAsync();
            Assert.DoesNotContain("\"data\":\"\"", frame, StringComparison.Ordinal);
            if (frame.Contains(part, StringComparison.Ordinal))
                return frame;
        }
    }
}

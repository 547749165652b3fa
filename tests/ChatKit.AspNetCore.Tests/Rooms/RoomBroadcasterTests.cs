using System.Net;
using System.Security.Claims;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatKit.AspNetCore.Tests.Rooms;

/// <summary>The application itself can send to a room.</summary>
public class RoomBroadcasterTests
{
    [Fact]
    public async Task A_request_handler_can_broadcast_a_stored_message()
    {
        await using var server = await ChatServer.StartAsync(static app =>
        {
            app.MapWebSocketHandler<ChatRoom>("/chat/{room}");
            app.MapPost("/say/{room}", static async (string room, string text, IRoomBroadcaster rooms, CancellationToken cancel) =>
                await rooms.BroadcastAsync(room, text, cancellationToken: cancel));
        });
        await using var client = await server.ConnectAsync("/chat/lobby");
        await client.SendAsync("I am in");
        await client.ReceiveAsync();

        using var response = await server.Http.PostAsync(
            new Uri("/say/lobby?text=news", UriKind.Relative), null, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("news", await client.ReceiveAsync());
        await using var late = await server.ConnectAsync("/chat/lobby");
        Assert.Equal(["I am in", "news"], await late.ReceiveAsync(2));
    }

    [Fact]
    public async Task A_background_service_can_broadcast_an_unstored_message()
    {
        await using var server = await ChatServer.StartAsync(
            static app => app.MapWebSocketHandler<ChatRoom>("/chat/{room}"),
            static builder => builder.Services.AddSingleton<Worker>().AddHostedService(static p => p.GetRequiredService<Worker>()));
        await using var client = await server.ConnectAsync("/chat/lobby");
        await client.SendAsync("I am in");
        await client.ReceiveAsync();

        server.Services.GetRequiredService<Worker>().Enqueue("tick");

        Assert.Equal("tick", await client.ReceiveAsync());
        await using var late = await server.ConnectAsync("/chat/lobby");
        await late.SendAsync("late");
        Assert.Equal(["I am in", "late"], await late.ReceiveAsync(2));
    }

    [Fact]
    public async Task A_message_to_a_user_reaches_each_of_their_connections_and_no_others()
    {
        await using var server = await ChatServer.StartAsync(static app =>
        {
            app.Use(static (context, next) =>
            {
                if (context.Request.Query["user"].ToString() is { Length: > 0 } user)
                    context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user)], "test"));
                return next(context);
            });
            app.MapWebSocketHandler<ChatRoom>("/chat/{room}");
        });
        await using var phone = await server.ConnectAsync("/chat/red?user=ann");
        await using var desk = await server.ConnectAsync("/chat/blue?user=ann");
        await using var bob = await server.ConnectAsync("/chat/green?user=bob");
        foreach (var client in new[] { phone, desk, bob })
        {
            await client.SendAsync("I am in");
            await client.ReceiveAsync();
        }

        var rooms = server.Services.GetRequiredService<IRoomBroadcaster>();
        await rooms.SendToUserAsync("ann", "for ann", TestContext.Current.CancellationToken);
        await rooms.SendToUserAsync("nobody", "for nobody", TestContext.Current.CancellationToken);
        await rooms.SendToUserAsync("bob", "for bob", TestContext.Current.CancellationToken);

        Assert.Equal("for ann", await phone.ReceiveAsync());
        Assert.Equal("for ann", await desk.ReceiveAsync());
        Assert.Equal("for bob", await bob.ReceiveAsync());
    }

    private sealed class Worker(IRoomBroadcaster rooms) : BackgroundService
    {
        private readonly Channel<string> _texts = Channel.CreateUnbounded<string>();

        public void Enqueue(string text) => _texts.Writer.TryWrite(text);

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await foreach (var text in _texts.Reader.ReadAllAsync(stoppingToken))
                await rooms.BroadcastAsync("lobby", text, new RoomBroadcastOptions { Store = false }, stoppingToken);
        }
    }
}

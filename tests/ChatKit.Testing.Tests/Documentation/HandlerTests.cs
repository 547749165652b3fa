using System.Net.WebSockets;
using System.Security.Claims;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Testing.Tests.Documentation;

public sealed class Moderation
{
    private readonly HashSet<string> _rude = ["!@#$"];

    public bool Allows(string text) => !_rude.Contains(text);
}

public sealed class Lounge(Moderation moderation) : WebSocketHandler
{
    protected override ValueTask OnMessageAsync(WebSocketMessage message) => moderation.Allows(message.Text)
        ? BroadcastAsync(message.Text)
        : throw new MessageRefusedException("rude", "Please be kind.");
}

/// <summary>The tests that docs/testing.md shows.</summary>
public sealed class HandlerTests
{
    [Fact]
    public async Task A_message_reaches_everybody_in_the_room()
    {
        await using var server = await ChatTestServer.StartAsync(
            services => services.AddSingleton<Moderation>().AddChatKit(),
            chat => chat.Map<Lounge>("/chat/{room}"));
        await using var alice = await server.ConnectAsync("/chat/lounge", user: "alice");
        await using var bob = await server.ConnectAsync("/chat/lounge", user: "bob");

        await alice.SendAsync("hi");

        var message = await bob.ReceiveAsync("message");
        Assert.Equal(("alice", "hi"), (message.From, message.Text));
    }

    [Fact]
    public async Task A_rude_message_is_refused()
    {
        await using var server = await ChatTestServer.StartAsync(
            services => services.AddSingleton<Moderation>().AddChatKit(),
            chat => chat.Map<Lounge>("/chat/{room}"));
        await using var alice = await server.ConnectAsync("/chat/lounge", user: "alice");

        var refused = await Assert.ThrowsAsync<ChatRefusedException>(() => alice.SendAsync("!@#$"));

        Assert.Equal("rude", refused.Code);
    }

    [Fact]
    public async Task Guests_are_closed_when_their_pass_expires()
    {
        var clock = new FakeTimeProvider();
        await using var server = await ChatTestServer.StartAsync(
            services => services.AddSingleton<TimeProvider>(clock).AddSingleton<Moderation>().AddChatKit(),
            chat => chat.Map<Lounge>("/chat/{room}"));
        await using var guest = await server.ConnectAsync("/chat/lounge", new ChatTestClientOptions
        {
            User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", "guest-7")], "guests")),
            ExpiresAt = clock.GetUtcNow() + TimeSpan.FromHours(1),
        });

        clock.Advance(TimeSpan.FromHours(2));

        Assert.Equal(WebSocketCloseStatus.PolicyViolation, (await guest.ReceiveCloseAsync()).Code);
    }

    [Fact]
    public async Task Nobody_misses_a_message_while_the_connection_is_down()
    {
        await using var server = await ChatTestServer.StartAsync(
            services => services.AddSingleton<Moderation>().AddChatKit(),
            chat => chat.Map<Lounge>("/chat/{room}"));
        await using var alice = await server.ConnectAsync("/chat/lounge", user: "alice");

        await alice.CutAsync();
        await server.Broadcaster.BroadcastAsync("lounge", "dinner is ready");
        await alice.ReconnectAsync();

        Assert.Equal("dinner is ready", (await alice.ReceiveAsync("message")).Text);
    }

    [Fact]
    public async Task A_message_that_could_not_be_stored_can_be_sent_again()
    {
        await using var server = await ChatTestServer.StartAsync(
            services => services.AddSingleton<Moderation>().AddChatKit(),
            chat => chat.Map<Lounge>("/chat/{room}"));
        await using var alice = await server.ConnectAsync("/chat/lounge", user: "alice");

        server.IsStoreAvailable = false;
        var refused = await Assert.ThrowsAsync<ChatRefusedException>(() => alice.SendAsync("hi", reference: "a-1"));
        server.IsStoreAvailable = true;
        await alice.SendAsync("hi", reference: "a-1");

        Assert.Equal("unavailable", refused.Code);
        Assert.Equal("hi", (await alice.ReceiveAsync("message")).Text);
    }

    [Fact]
    public async Task A_deployment_loses_nothing()
    {
        await using var server = await ChatTestServer.StartAsync(
            services => services.AddSingleton<Moderation>().AddChatKit(),
            chat => chat.Map<Lounge>("/chat/{room}"));
        await using var next = await server.AddNodeAsync();
        await using var alice = await server.ConnectAsync("/chat/lounge", user: "alice");
        await using var bob = await next.ConnectAsync("/chat/lounge", user: "bob");

        await server.StopAsync();
        await bob.SendAsync("while you were away");
        await alice.ReconnectAsync(next);

        Assert.Contains(alice.Received, frame => frame.Type == "restart");
        Assert.Equal("while you were away", (await alice.ReceiveAsync("message")).Text);
    }
}

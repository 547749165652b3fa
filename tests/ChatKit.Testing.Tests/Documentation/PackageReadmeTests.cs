using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Testing.Tests.Documentation;

public sealed class ChatRoom : WebSocketHandler
{
    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
}

public sealed class PackageReadmeTests
{
    [Fact]
    public async Task The_program_of_the_package_works()
    {
        await using var server = await ChatTestServer.StartAsync(
            services => services.AddChatKit(),
            chat => chat.Map<ChatRoom>("/chat/{room}"));
        await using var alice = await server.ConnectAsync("/chat/lobby", user: "alice");
        await using var bob = await server.ConnectAsync("/chat/lobby", user: "bob");

        await alice.SendAsync("hi");
        var message = await bob.ReceiveAsync("message"); // message.From is "alice", message.Text is "hi"

        await bob.CutAsync();
        await alice.SendAsync("are you there?");
        await bob.ReconnectAsync();                      // bob receives what he missed

        Assert.Equal(("alice", "hi"), (message.From, message.Text));
        Assert.Equal("are you there?", (await bob.ReceiveAsync("message")).Text);
    }
}

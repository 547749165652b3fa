using System.Security.Claims;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ChatKit.Testing.Tests.Server;

public sealed class ChatTestServerTests : ServerFixture
{
    [Fact]
    public async Task A_message_reaches_everybody_in_the_room()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await using var bob = await server.ConnectAsync("/chat/kitchen", "bob");
        await using var carl = await server.ConnectAsync("/chat/garden", "carl");

        var position = await anna.SendAsync("hi");
        await server.Broadcaster.BroadcastAsync("garden", "here");

        foreach (var client in new[] { anna, bob })
        {
            var message = await client.ReceiveAsync("message");
            Assert.Equal(("kitchen", position, "anna", "hi"), (message.Room, message.Position, message.From, message.Text));
        }

        Assert.Equal("here", (await carl.ReceiveAsync("message")).Text);
    }

    [Fact]
    public async Task A_client_sees_the_frames_of_the_protocol()
    {
        var server = await StartAsync();
        await server.Broadcaster.BroadcastAsync("kitchen", "stored");

        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");

        Assert.Equal(["welcome", "message", "live"], anna.Received.Select(static frame => frame.Type));
        var welcome = await anna.ReceiveAsync();
        Assert.Equal(("welcome", "kitchen", null), (welcome.Type, welcome.Room, welcome.Text));
        Assert.Equal(anna.ConnectionId, welcome.Json.GetProperty("connection").GetString());
        Assert.StartsWith("""{"type":"welcome",""", welcome.ToString(), StringComparison.Ordinal);
        Assert.Equal("stored", (await anna.ReceiveAsync()).Text);
        Assert.Equal("live", (await anna.ReceiveAsync()).Type);
    }

    [Theory]
    [InlineData("/chat/kitchen", "kitchen")]
    [InlineData("/CHAT/kitchen", "kitchen")]
    [InlineData("chat/a%20b/", "a b")]
    [InlineData("/lobby", "/lobby")]
    public async Task The_route_names_the_home_room(string path, string room)
    {
        var server = await StartAsync();

        await using var client = await server.ConnectAsync(path);

        Assert.Equal(room, client.Received[0].Room);
    }

    [Fact]
    public async Task A_handler_sees_the_route_values_and_the_user()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/acme/chat/kitchen/x", "anna");

        await anna.SendAsync("who");

        Assert.Equal("anna, tenant=acme room=kitchen", (await anna.ReceiveAsync("message")).Text);
    }

    [Theory]
    [InlineData("/other")]
    [InlineData("/chat")]
    [InlineData("/chat/a/b")]
    public async Task A_path_without_a_handler_is_refused(string path)
    {
        var server = await StartAsync();

        var exception = await Assert.ThrowsAsync<ArgumentException>(() => server.ConnectAsync(path));

        Assert.Contains($"'{path}'. Mapped are: '/chat/{{room}}', '/lobby'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/chat/{room:int}")]
    [InlineData("/chat/{*room}")]
    [InlineData("/chat/a-{room}")]
    [InlineData("/chat/{}")]
    public async Task A_pattern_that_is_not_supported_is_refused(string pattern)
    {
        var exception = await Assert.ThrowsAsync<ArgumentException>(
            () => ChatTestServer.StartAsync(static services => services.AddChatKit(), chat => chat.Map<Echo>(pattern)));

        Assert.Contains("is not supported", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_room_name_that_is_not_valid_is_refused()
    {
        var server = await StartAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => server.ConnectAsync($"/chat/{new string('x', 256)}"));
    }

    [Fact]
    public async Task Options_and_registrations_are_validated()
    {
        await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(static options => options.HistoryCapacity = -1));
        await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(connections: static options => options.MaxMessageSize = 0));
        await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(services: static services =>
            services.AddScoped<IMessageHistory>(static _ => throw new InvalidOperationException())));
    }

    [Fact]
    public async Task The_application_says_what_identifies_a_user()
    {
        var server = await StartAsync(static options => options.UserId = static user => user.FindFirst("uid")?.Value);
        var user = new ClaimsPrincipal(new ClaimsIdentity([new Claim("uid", "7"), new Claim(ClaimTypes.NameIdentifier, "anna")], "test"));

        await using var known = await server.ConnectAsync("/chat/kitchen", new ChatTestClientOptions { User = user });
        await using var unknown = await server.ConnectAsync("/chat/kitchen", "anna");

        Assert.Equal("7", known.Received[0].Json.GetProperty("user").GetString());
        Assert.False(unknown.Received[0].Json.TryGetProperty("user", out _));
    }

    [Fact]
    public async Task A_client_without_a_subprotocol_exchanges_plain_messages()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await using var plain = await server.ConnectAsync("/chat/kitchen", new ChatTestClientOptions { Subprotocol = null });

        Assert.Null(await plain.SendAsync("from plain"));
        Assert.Equal("from plain", (await anna.ReceiveAsync("message")).Text);
        await anna.SendAsync("""{"a":1}""");

        Assert.Equal("from plain", (await plain.ReceiveAsync()).Text);
        var message = await plain.ReceiveAsync("message");
        Assert.Equal(("message", null, """{"a":1}""", """{"a":1}"""), (message.Type, message.Position, message.Text, message.ToString()));
        await Assert.ThrowsAsync<InvalidOperationException>(() => plain.RequestAsync("""{"type":"history"}"""));
    }

    [Fact]
    public async Task Hosted_services_of_the_application_run()
    {
        var server = await StartAsync(services: static services => services.AddHostedService<Greeter>());
        await using var anna = await server.ConnectAsync("/chat/greetings");

        Assert.Equal("started", (await anna.ReceiveAsync("message")).Text);
        await server.StopAsync();

        Assert.Contains("the greeter has stopped", Script.Calls);
    }

    [Fact]
    public async Task The_items_of_a_connection_are_those_of_the_client()
    {
        var server = await ChatTestServer.StartAsync(static _ => { }, static chat => chat.Map<ItemReader>("/items"));
        await using var owned = server;
        var options = new ChatTestClientOptions();
        options.Items[typeof(string)] = "an item";
        await using var client = await server.ConnectAsync("/items", options);

        await client.SendAsync("?");

        Assert.Equal("an item", (await client.ReceiveAsync("message")).Text);
    }

    [Fact]
    public async Task A_server_ends_although_a_handler_does_not_return()
    {
        var server = await StartAsync();
        var client = await server.ConnectAsync("/chat/kitchen");
        var hang = new TaskCompletionSource();
        Script.Message = hang.Task;
        await client.SendFrameAsync("""{"type":"message","data":"hangs"}""");

        await server.DisposeAsync().AsTask().Soon();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => server.ConnectAsync("/chat/kitchen"));
        hang.SetResult();
    }

    private sealed class Greeter(IRoomBroadcaster rooms, Script script) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken) =>
            await rooms.BroadcastAsync("greetings", "started", cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken)
        {
            script.Calls.Enqueue("the greeter has stopped");
            return Task.CompletedTask;
        }
    }

    private sealed class ItemReader : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) => SendAsync((string)Connection.Items[typeof(string)]!);
    }
}

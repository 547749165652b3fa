using ChatKit.Client.Connections;
using ChatKit.Client.Tests.Fixtures;
using Microsoft.AspNetCore.Http;

namespace ChatKit.Client.Tests;

public class FallbackTests
{
    [Fact]
    public async Task Where_WebSockets_break_the_client_uses_an_event_stream_and_later_a_WebSocket_again()
    {
        var isBroken = true;
        await using var server = await RealServer.StartAsync(before: (context, next) =>
        {
            if (!Volatile.Read(ref isBroken) || !RealServer.IsHandshake(context))
                return next();
            context.Abort();
            return Task.CompletedTask;
        });
        await using var client = Create(server, TimeSpan.FromMilliseconds(200));
        await using var events = client.Read();
        await client.ConnectAsync().Soon();
        Assert.Equal(ChatTransport.ServerSentEvents, client.Transport);
        await client.SendAsync("one").Soon();

        Volatile.Write(ref isBroken, false);
        await Patience.UntilAsync(() => client.Transport == ChatTransport.WebSockets, "the client uses a WebSocket again");

        await client.SendAsync("two").Soon();
        Assert.Equal(["one", "two"], (await events.SeeAsync(2)).Select(static seen => seen.Split(' ')[1]));
        Assert.Equal(ChatState.Live, client.State);
    }

    [Fact]
    public async Task A_transport_that_hangs_is_given_up()
    {
        await using var server = await RealServer.StartAsync(
            before: static (context, next) => RealServer.IsHandshake(context) ? Task.Delay(Timeout.Infinite, context.RequestAborted) : next());
        await using var client = Create(server, fallback: TimeSpan.FromMilliseconds(200));

        await client.ConnectAsync().Soon();

        Assert.Equal(ChatTransport.ServerSentEvents, client.Transport);
    }

    [Theory]
    [InlineData(403)]
    [InlineData(426)]
    public async Task Where_WebSockets_and_event_streams_are_refused_the_client_polls(int status)
    {
        await using var server = await RealServer.StartAsync(
            before: (context, next) =>
            {
                if (!RealServer.IsHandshake(context) && !context.Request.Headers.Accept.Contains("text/event-stream"))
                    return next();
                context.Response.StatusCode = RealServer.IsHandshake(context) ? status : 406;
                return Task.CompletedTask;
            });
        await using var client = Create(server);

        await client.ConnectAsync().Soon();

        Assert.Equal(ChatTransport.Polling, client.Transport);
        await client.SendAsync("hi").Soon();
    }

    [Fact]
    public async Task A_server_with_WebSockets_only_is_reached_by_them_after_an_outage()
    {
        var (isBroken, broken) = (true, 0);
        await using var server = await RealServer.StartAsync(
            static options => options.Transports = ChatTransports.WebSockets,
            before: (context, next) =>
            {
                if (!Volatile.Read(ref isBroken))
                    return next();
                Interlocked.Increment(ref broken);
                context.Abort();
                return Task.CompletedTask;
            });
        await using var client = Create(server);
        var connecting = client.ConnectAsync();
        await Patience.UntilAsync(() => Volatile.Read(ref broken) > 5, "the client has tried each transport");
        Volatile.Write(ref isBroken, false);

        await connecting.Soon();

        Assert.Equal(ChatTransport.WebSockets, client.Transport);
    }

    [Fact]
    public async Task A_server_that_is_down_says_nothing_about_the_transport()
    {
        var server = await RealServer.StartAsync();
        var port = server.Port;
        await using var client = Create(server);
        await using var events = client.Read();
        await client.ConnectAsync().Soon();
        await server.DisposeAsync();
        for (var failures = 0; failures < 5;)
            failures += (await events.NextAsync<StateChanged>()).RetryAt is null ? 0 : 1;

        await using var next = await RealServer.StartAsync(port: port);
        await Patience.UntilAsync(() => client.State == ChatState.Live, "the client is live");

        Assert.Equal(ChatTransport.WebSockets, client.Transport);
    }

    [Fact]
    public void Failures_choose_the_next_transport_as_in_the_browser()
    {
        var choice = new TransportChoice([.. Enum.GetValues<ChatTransport>()], new ClientTimes(), TimeProvider.System);
        var unreachable = LinkEnd.Broken() with { IsUnknown = true };
        Assert.True(choice.HasOthers);
        Assert.False(choice.Failed(unreachable));
        Assert.False(choice.Failed(LinkEnd.Broken()));
        Assert.Equal(ChatTransport.WebSockets, choice.Current);
        Assert.False(choice.Failed(LinkEnd.Broken()));
        Assert.Equal(ChatTransport.ServerSentEvents, choice.Current);
        choice.Succeeded(ChatTransport.ServerSentEvents);
        for (var i = 0; i < 3; i++)
            Assert.False(choice.Failed(unreachable));
        Assert.Equal(ChatTransport.ServerSentEvents, choice.Current);
        Assert.False(choice.Failed(unreachable));
        Assert.Equal(ChatTransport.WebSockets, choice.Current);
        Assert.False(choice.Failed(LinkEnd.Broken() with { IsLate = true }));
        Assert.True(choice.Failed(LinkEnd.Broken() with { IsNotOffered = true }));
        Assert.Equal(ChatTransport.Polling, choice.Current);
        Assert.Equal([ChatTransport.WebSockets], choice.Better);
    }

    private static ChatClient Create(RealServer server, TimeSpan? better = null, TimeSpan? fallback = null) =>
        Clients.Create(server.Address, options =>
        {
            options.Transports = new ChatClientOptions().Transports;
            options.Times = options.Times with { Better = better ?? Clients.Long, Fallback = fallback ?? Patience.Limit };
        });
}

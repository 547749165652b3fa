using System.Diagnostics;
using System.Net.WebSockets;
using ChatKit.TestKit.Client;

namespace ChatKit.ChaosTests.Client;

public class ReconnectingTests
{
    [Theory]
    [InlineData(1000)]
    [InlineData(1002)]
    [InlineData(1003)]
    [InlineData(1007)]
    [InlineData(1009)]
    [InlineData(3000)]
    [InlineData(4999)]
    public async Task The_client_stays_closed_after_a_final_close_code(int code)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        await (await server.WelcomeAsync()).CloseAsync(code);

        var events = new List<ChatEvent>();
        await foreach (var happened in client.Events.ReadAllAsync(new CancellationTokenSource(Patience.Limit).Token))
            events.Add(happened);

        Assert.Equal(new StateChanged(ClientState.Closed, (WebSocketCloseStatus)code, "why"), events[^1]);
    }

    [Theory]
    [InlineData(1001)]
    [InlineData(1008)]
    [InlineData(1011)]
    [InlineData(1012)]
    [InlineData(1013)]
    [InlineData(1014)]
    public async Task The_client_reconnects_after_any_other_close_code(int code)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        await (await server.WelcomeAsync()).CloseAsync(code);

        await server.WelcomeAsync();

        Assert.NotEqual(ClientState.Closed, client.State);
    }

    [Theory]
    [InlineData(1008)]
    [InlineData(1013)]
    public async Task The_client_waits_at_least_as_long_as_the_close_code_requires(int code)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address, busyDelay: Clients.Moment, policyDelay: Clients.Moment);
        var first = await server.WelcomeAsync();
        var start = Stopwatch.GetTimestamp();
        await first.CloseAsync(code);

        await server.AcceptAsync();

        Assert.True(Stopwatch.GetElapsedTime(start) >= Clients.ShortestMoment);
    }

    [Fact]
    public async Task The_client_waits_as_long_as_restart_states_instead_of_its_own_delay()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = ChatClient.Start(new ChatClientOptions
        {
            NextAddress = _ => ValueTask.FromResult(server.Address),
            Random = new Random(1),
            FirstDelay = TimeSpan.FromHours(1),
            LongestDelay = TimeSpan.FromHours(1),
        });
        var first = await server.WelcomeAsync();
        await first.SendAsync($$"""{"type":"restart","retry":{{Clients.Moment.TotalSeconds}}}""");
        var start = Stopwatch.GetTimestamp();
        await first.CloseAsync(1012);

        await server.WelcomeAsync();

        Assert.True(Stopwatch.GetElapsedTime(start) >= Clients.ShortestMoment);
    }

    [Fact]
    public async Task The_client_stays_closed_after_three_refusals_in_a_row()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        await (await server.WelcomeAsync()).CloseAsync(1008);
        await (await server.WelcomeAsync()).CloseAsync(1008);
        var live = await server.WelcomeAsync();
        await live.SendLiveAsync("e:1");
        await live.CloseAsync(1008);
        await (await server.WelcomeAsync()).CloseAsync(1008);
        Assert.NotEqual(ClientState.Closed, client.State);

        await (await server.WelcomeAsync()).CloseAsync(1008);

        await Patience.UntilAsync(() => client.State == ClientState.Closed, "the client does not reconnect");
    }

    [Fact]
    public async Task A_rate_limited_client_waits_as_long_as_the_server_states()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address, policyDelay: TimeSpan.FromHours(1));
        var first = await server.WelcomeAsync();
        var start = Stopwatch.GetTimestamp();
        await first.SendErrorAsync(null, "rate_limited", ""","retry":0.2""");
        await first.CloseAsync(1008);

        await server.AcceptAsync();

        // Timers have a resolution of some milliseconds, and can end one tick early.
        Assert.True(Stopwatch.GetElapsedTime(start) >= Clients.ShortestMoment);
    }

    [Fact]
    public async Task Each_attempt_may_use_another_address()
    {
        await using var one = await ScriptedServer.StartAsync();
        await using var other = await ScriptedServer.StartAsync();
        var addresses = new Queue<Uri>([one.Address, other.Address]);
        await using var client = ChatClient.Start(new ChatClientOptions { NextAddress = _ => ValueTask.FromResult(addresses.Dequeue()) });
        var first = await one.WelcomeAsync();

        first.Abort();

        await other.WelcomeAsync();
    }

    [Fact]
    public async Task The_client_disconnects_from_a_silent_server()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        await server.WelcomeAsync(ping: 0.05);

        await server.AcceptAsync();
    }

    [Fact]
    public async Task The_client_answers_pings_and_keeps_the_connection()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var connection = await server.WelcomeAsync(ping: 2);

        for (var i = 0; i < 3; i++)
        {
            await connection.SendAsync("""{"type":"ping"}""");
            Assert.Equal("pong", (await connection.ReceiveAsync()).Type);
        }

        Assert.Equal(ClientState.Connected, client.State);
    }

    [Fact]
    public async Task The_client_stays_closed_if_the_server_does_not_support_the_protocol()
    {
        await using var server = await ScriptedServer.StartAsync(subprotocol: null);
        await using var client = Clients.Start(server.Address);
        (await server.AcceptAsync()).Abort();

        await Patience.UntilAsync(() => client.State == ClientState.Closed, "the client does not reconnect");
    }
}

namespace ChatRoom.Tests.Client;

/// <summary>The credentials of a client expire.</summary>
public class ExpiryTests(Browser browser)
{
    private const string Delays = "all('state', 'delay').filter(Boolean).map((delay) => Math.round(delay / 100) * 100)";
    private const string Tokens = "token: async () => `t.${window.count = (window.count ?? 0) + 1}`";

    [Fact]
    public async Task The_client_moves_to_a_connection_with_a_fresh_token_before_the_old_one_expires()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, $"{{ {Tokens} }}");
        var old = await server.AcceptAsync();
        Assert.Equal(["chatkit.v1", "bearer.t.1"], old.Offered);
        await old.WelcomeAsync(expires: 1);
        await old.SendLiveAsync("e:1");

        var next = await server.AcceptAsync();
        Assert.Equal(["chatkit.v1", "bearer.t.2"], next.Offered);
        await next.WelcomeAsync(expires: 1_000);
        await next.SendLiveAsync("e:1");

        Assert.Equal(1000, await old.Closed);
        await page.ExpectAsync("all('state', 'state')", """["connecting","live","live"]""");
    }

    [Theory]
    [InlineData(0.0, 100, 70_000)]
    [InlineData(1.0, 100, 90_000)]
    [InlineData(1.0, 0, 900)]
    [InlineData(0.0, 2_000_000_000, null)]
    [InlineData(0.0, null, null)]
    public async Task The_client_moves_in_the_last_part_of_the_time(double random, int? expires, int? delay)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, before: $$"""
            Math.random = () => {{random:0}};
            window.delays = [];
            const { setTimeout } = window;
            window.setTimeout = (run, delay, ...rest) => { delays.push(delay); return setTimeout(run, delay, ...rest); };
            """);
        var connection = await server.AcceptAsync();
        await page.RunAsync("delays.length = 0");
        await connection.WelcomeAsync(ping: 0, expires: expires);
        await connection.SendLiveAsync("e:1");

        await page.ExpectAsync("chat.state", "\"live\"");
        await page.ExpectAsync("delays", delay is null ? "[]" : $"[{delay}]");
    }

    [Fact]
    public async Task After_the_end_the_client_comes_back_at_once_and_waits_only_if_it_is_refused_again()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{}", "Math.random = () => 1");
        var first = await server.AcceptAsync();
        await first.WelcomeAsync(expires: 1);
        await first.SendLiveAsync("e:1");
        await (await server.AcceptAsync()).AbortAsync(); // The next one fails.
        await first.CloseAsync(1008, "the credentials have expired");
        await page.ExpectAsync(Delays, "[500]");
        await page.RunAsync("chat.reconnect()");

        var second = await server.AcceptAsync();
        await second.WelcomeAsync(expires: 0);
        await second.CloseAsync(1008, "the credentials have expired");

        await page.ExpectAsync(Delays, "[500,11000]");
    }

    /// <summary>A user who is disconnected long before the end should not come back at once.</summary>
    [Fact]
    public async Task A_refusal_long_before_the_end_is_not_taken_for_the_end()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{}", "Math.random = () => 1");
        var connection = await server.AcceptAsync();
        await connection.WelcomeAsync(expires: 3_600);
        await connection.SendLiveAsync("e:1");

        await connection.CloseAsync(1008);

        await page.ExpectAsync(Delays, "[10500]");
    }

    /// <summary>As with <c>MaxConnectionsPerUser = 1</c>.</summary>
    [Fact]
    public async Task A_user_who_may_have_one_connection_gets_the_next_one_after_the_end_of_the_old_one()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, $"{{ {Tokens}, times: {{ backoff: 5, busy: 5 }} }}");
        var old = await server.AcceptAsync();
        await old.WelcomeAsync(expires: 1);
        await old.SendLiveAsync("e:1");
        await (await server.AcceptAsync()).CloseAsync(1013, "this user already has 1 connections");
        await (await server.AcceptAsync()).CloseAsync(1013, "this user already has 1 connections");
        var third = await server.AcceptAsync();

        await old.CloseAsync(1008, "the credentials have expired");
        await third.CloseAsync(1013, "this user already has 1 connections");

        await server.AcceptLiveAsync();
        await page.ExpectAsync("all('state', 'state')", """["connecting","live","reconnecting","reconnecting","live"]""");
    }

    [Fact]
    public async Task A_poll_whose_token_has_expired_gets_a_new_one_at_once()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.OffersHttp = true;
        await using var page = await ClientPage.ConnectAsync(browser, server, $"{{ {Tokens}, transports: ['polling'] }}", "Math.random = () => 1");
        await (await server.ReceiveAsync()).AnswerFramesAsync(ScriptedRequest.Live("e:1"));
        await (await server.ReceiveAsync()).AnswerAsync(401);

        await page.ExpectAsync(Delays, "[500]");
        await page.RunAsync("chat.reconnect()");
        await (await server.ReceiveAsync()).AnswerAsync(401);
        await page.ExpectAsync(Delays, "[500,11000]");
    }
}

namespace ChatRoom.Tests.Client;

public class ReconnectingTests(Browser browser)
{
    private const string Delays = "all('state', 'delay').filter(Boolean).map((delay) => Math.round(delay / 100) * 100)";

    [Theory]
    [InlineData(1001)]
    [InlineData(1011)]
    [InlineData(1012)]
    public async Task The_client_reconnects_when_the_server_stops_or_fails(int code)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync();

        await connection.CloseAsync(code, "back soon");

        await server.AcceptLiveAsync();
        await page.ExpectAsync(
            "all('state', 'state', 'reason', 'code')",
            $"""[["connecting",null,null],["live",null,null],["reconnecting","back soon",{code}],["reconnecting","back soon",{code}],["live",null,null]]""");
    }

    [Fact]
    public async Task The_client_names_its_earlier_connections_so_that_it_does_not_receive_its_own_messages_to_others()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        for (var i = 0; i < 10; i++)
            await (await server.AcceptLiveAsync()).CloseAsync(1001);

        var last = await server.AcceptLiveAsync();

        Assert.Equal("c,c,c,c,c,c,c,c", last.Query("connection"));
    }

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
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync();
        await page.SendAsync("pending");
        await connection.ReceiveMessageAsync();

        await connection.CloseAsync(code, "enough");

        await page.ExpectAsync("all('state', 'state', 'reason', 'code', 'retryAt').at(-1)", $"""["closed","enough",{code},null]""");
        await page.ExpectAsync("outcomes", """{"pending":"unknown"}""");
        await page.RunAsync("dispatchEvent(new Event('offline')); dispatchEvent(new Event('online'));");
        await page.ExpectAsync("chat.state", "\"closed\"");
        Assert.Equal(1, server.Handshakes);
        await page.RunAsync("chat.reconnect()");
        await server.AcceptLiveAsync();
        await page.ExpectAsync("chat.state", "\"live\"");
    }

    [Fact]
    public async Task The_client_stays_closed_after_three_refusals_in_a_row()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);

        // Neither these count, because the second was accepted, nor the next two, because the connection was lost in between.
        await (await server.AcceptAsync()).CloseAsync(1008);
        await (await server.AcceptLiveAsync()).CloseAsync(1008);
        await (await server.AcceptAsync()).CloseAsync(1008);
        await (await server.AcceptAsync()).AbortAsync();
        await (await server.AcceptAsync()).CloseAsync(1008);
        await (await server.AcceptAsync()).CloseAsync(1008);
        await (await server.AcceptAsync()).CloseAsync(1008, "you again");

        await page.ExpectAsync("all('state', 'state', 'reason', 'code').at(-1)", """["closed","you again",1008]""");
        Assert.Equal(7, server.Handshakes);
    }

    [Theory]
    [InlineData(1006, 500)]
    [InlineData(1008, 10_500)]
    [InlineData(1013, 5_500)]
    public async Task The_client_waits_as_long_as_the_close_code_requires(int code, int delay)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{}", "Math.random = () => 1");
        var connection = await server.AcceptLiveAsync();

        if (code == 1006)
            await connection.AbortAsync();
        else
            await connection.CloseAsync(code);

        await page.ExpectAsync("all('state', 'code', 'delay').slice(2, 3).map(([code, delay]) => [code, Math.round(delay / 100) * 100])", $"[[{code},{delay}]]");
    }

    [Theory]
    [InlineData(",\"retry\":2.5", 3_000)]
    [InlineData(",\"retry\":0", 500)]
    [InlineData(",\"retry\":\"soon\"", 10_500)]
    [InlineData("", 10_500)]
    public async Task The_client_waits_as_long_as_rate_limited_states(string retry, int delay)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{}", "Math.random = () => 1");
        var connection = await server.AcceptLiveAsync();
        await connection.SendAsync($$"""{"type":"error","code":"rate_limited","text":"Too much."{{retry}}}""");

        await connection.CloseAsync(1008);

        await page.ExpectAsync(Delays, $"[{delay}]");
        await page.RunAsync("chat.reconnect()");
        await (await server.AcceptLiveAsync()).CloseAsync(1008);
        await page.ExpectAsync(Delays, $"[{delay},10500]");
    }

    [Theory]
    [InlineData("retryAt")]
    [InlineData("!retryAt")]
    public async Task Closing_in_a_state_listener_while_reconnecting_is_final(string when)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync();
        await page.RunAsync($$"""
            window.received = [];
            chat.on('state', ({ state, retryAt }) => { if (state === 'reconnecting' && {{when}}) chat.close(); });
            chat.on('state', ({ state }) => received.push(state));
            """);

        await connection.AbortAsync();

        await page.ExpectAsync("received.at(-1)", "\"closed\"");
        await page.ExpectAsync("chat.state", "\"closed\"");
        await page.ConnectAsync(); // A second client, which connects after any connection of the first one.
        await server.AcceptLiveAsync();
        Assert.Equal(2, server.Handshakes);
    }

    [Fact]
    public async Task Reconnecting_in_a_state_listener_while_connecting_opens_one_connection()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync();
        await page.RunAsync("const end = chat.on('state', ({ state, retryAt }) => { if (state === 'reconnecting' && !retryAt) { end(); chat.reconnect(); } });");

        await first.AbortAsync();

        var second = await server.AcceptLiveAsync();
        await page.ExpectAsync("chat.state", "\"live\"");
        await second.SendMessageAsync("e:2", "once");
        await page.ExpectAsync("all('message', 'data')", """["once"]""");
        Assert.Equal(2, server.Handshakes);
    }

    [Fact]
    public async Task The_client_waits_as_long_as_restart_states_and_then_as_usual()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{}", "Math.random = () => 1");
        var connection = await server.AcceptLiveAsync();
        await connection.SendAsync("""{"type":"restart","retry":"soon"}""");
        await connection.SendAsync("""{"type":"restart","retry":3.3}""");

        await connection.CloseAsync(1012, "the server is restarting");

        await page.ExpectAsync(Delays, "[3300]");
        await page.RunAsync("chat.reconnect()");
        await (await server.AcceptAsync()).AbortAsync();
        await page.ExpectAsync(Delays, "[3300,1000]");
        await page.RunAsync("chat.reconnect()");
        await (await server.AcceptLiveAsync()).AbortAsync();
        await page.ExpectAsync(Delays, "[3300,1000,500]");
    }

    [Fact]
    public async Task The_client_reconnects_at_the_time_in_the_restart_frame()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{ times: { backoff: 60_000, backoffLimit: 60_000 } }", "Math.random = () => 1");
        var connection = await server.AcceptLiveAsync();
        await page.SendAsync("typed before");
        await connection.ReceiveMessageAsync();
        await connection.SendAsync("""{"type":"restart","retry":0.2}""");

        await connection.CloseAsync(1012, "the server is restarting");

        Assert.Equal("typed before", (await (await server.AcceptLiveAsync()).ReceiveMessageAsync()).Data);
    }

    [Fact]
    public async Task The_client_waits_longer_with_each_attempt_until_it_is_live()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{}", "Math.random = () => 1");
        for (var i = 0; i < 8; i++)
        {
            await (await server.AcceptAsync()).AbortAsync();
            await page.ExpectAsync("all('state', 'delay').filter(Boolean).length", $"{i + 1}");
            await page.RunAsync("chat.reconnect()");
        }

        await (await server.AcceptLiveAsync()).AbortAsync();

        await page.ExpectAsync(
            Delays, "[500,1000,2000,4000,8000,16000,30000,30000,500]");
    }

    [Fact]
    public async Task The_client_answers_pings_and_disconnects_from_a_server_that_sends_none()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptAsync();
        await first.WelcomeAsync(ping: 0.1);
        await first.HasSentNothingAsync();

        var second = await server.AcceptAsync();
        await second.WelcomeAsync(ping: 0);
        await second.SendLiveAsync("e:1");

        await page.ExpectAsync("all('state', 'state', 'code')", """[["connecting",null],["reconnecting",1006],["reconnecting",1006],["live",null]]""");
        await second.HasSentNothingAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_client_aborts_an_attempt_that_hangs(bool beforeTheHandshake)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.IsSilent = beforeTheHandshake;
        await using var page = await ClientPage.ConnectAsync(browser, server, "{ times: { connect: 1500, backoff: 5 } }");
        if (beforeTheHandshake)
            await Patience.UntilAsync(() => server.Handshakes > 0, "the client connects");
        else
            await server.AcceptAsync();
        server.IsSilent = false;

        await server.AcceptLiveAsync();

        await page.ExpectAsync("all('state', 'state')", """["connecting","reconnecting","reconnecting","live"]""");
    }

    [Fact]
    public async Task The_client_pauses_while_the_browser_is_offline()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{}");
        await server.AcceptLiveAsync();

        await page.Page.Context.SetOfflineAsync(true);
        await page.ExpectAsync("chat.state", "\"offline\"");
        await page.SendAsync("typed offline");
        await page.Page.Context.SetOfflineAsync(false);

        var second = await server.AcceptLiveAsync();
        Assert.Equal("typed offline", (await second.ReceiveMessageAsync()).Data);
        await page.ExpectAsync("all('state', 'state')", """["connecting","live","offline","reconnecting","live"]""");
    }

    [Fact]
    public async Task An_attempt_that_fails_while_the_browser_is_offline_is_not_repeated()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, before: "Object.defineProperty(navigator, 'onLine', { value: false, configurable: true })");

        await (await server.AcceptAsync()).AbortAsync();

        await page.ExpectAsync("all('state', 'state')", """["connecting","offline"]""");
        await page.RunAsync("dispatchEvent(new Event('online'))");
        await server.AcceptLiveAsync();
        await page.ExpectAsync("chat.state", "\"live\"");
    }
}

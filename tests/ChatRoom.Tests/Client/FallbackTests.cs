namespace ChatRoom.Tests.Client;

/// <summary>How the browser client chooses its transport.</summary>
public class FallbackTests(Browser browser)
{
    private const string Quick = "times: { backoff: 5, refused: 5, busy: 5 }";

    [Fact]
    public async Task A_WebSocket_that_breaks_twice_gives_way_to_an_event_stream()
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);

        var stream = await server.AcceptLiveStreamAsync();

        await page.ExpectAsync("[chat.state, chat.transport, chat.user]", """["live","eventsource","ann"]""");
        await stream.SendAsync(ScriptedRequest.Message("e:2", "hi"));
        await page.ExpectAsync("all('message', 'data', 'live')", """[["hi",true]]""");
        Assert.Equal(["websocket", "websocket", "eventsource"], server.Attempts);
        Assert.Empty(page.Problems);
    }

    [Fact]
    public async Task A_WebSocket_that_is_not_answered_in_time_gives_way_at_once()
    {
        await using var server = await StartAsync(isSilent: true);
        await using var page = await ClientPage.ConnectAsync(browser, server, "{ times: { backoff: 5, fallback: 500 } }");
        await Patience.UntilAsync(() => server.Handshakes > 0, "the client connects");
        server.IsSilent = false;

        await server.AcceptLiveStreamAsync();

        await page.ExpectAsync("[chat.state, chat.transport]", """["live","eventsource"]""");
        Assert.Equal(["websocket", "eventsource"], server.Attempts);
    }

    /// <summary>Some proxies hold a response back until it ends.</summary>
    [Fact]
    public async Task An_event_stream_that_is_held_back_gives_way_to_polls()
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{ times: { backoff: 5, fallback: 500 } }");
        var stream = await server.AcceptStreamAsync();

        await (await server.ReceiveAsync()).AnswerFramesAsync(ScriptedRequest.Live("e:1"));

        await stream.Aborted.Soon();
        await page.ExpectAsync("[chat.state, chat.transport]", """["live","polling"]""");
        Assert.Equal(["websocket", "websocket", "eventsource", "polling"], server.Attempts.Take(4));
    }

    [Fact]
    public async Task A_server_that_offers_WebSockets_only_is_asked_once_for_the_others()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.BreaksWebSockets = true;
        await using var page = await ClientPage.ConnectAsync(browser, server);

        await Patience.UntilAsync(() => server.Handshakes >= 8, "the client goes on");

        Assert.Equal(
            ["websocket", "websocket", "eventsource", "polling", "websocket", "websocket", "websocket", "websocket"], server.Attempts.Take(8));
        server.BreaksWebSockets = false;
        await server.AcceptLiveAsync();
        await page.ExpectAsync("[chat.state, chat.transport]", """["live","websocket"]""");
        await page.ExpectAsync("new Set(all('state', 'code').slice(1, -1)).size", "1"); // A refused transport is no failure of its own.
    }

    [Fact]
    public async Task A_server_that_is_down_tells_nothing_about_transports()
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        while (server.Handshakes < 4) // The browser itself can repeat a request.
            (await server.ReceiveAsync()).Abort();
        server.BreaksWebSockets = false;

        var live = server.AcceptLiveAsync();
        while (!live.IsCompleted && await Task.WhenAny(live, server.ReceiveAsync()) is Task<ScriptedRequest> request)
            (await request).Abort();

        await page.ExpectAsync("[chat.state, chat.transport]", """["live","websocket"]""");
        Assert.DoesNotContain("polling", server.Attempts);
        await page.ExpectAsync("Object.keys(sessionStorage).filter((key) => key.includes('transport'))", "[]");
    }

    [Fact]
    public async Task The_transport_that_worked_is_the_first_one_after_a_reload()
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await server.AcceptLiveStreamAsync();
        await page.ExpectAsync("chat.state", "\"live\"");

        await page.ReloadAsync();
        await server.AcceptLiveStreamAsync();

        Assert.Equal(["websocket", "websocket", "eventsource", "eventsource"], server.Attempts);
        await page.RunAsync("for (const key of Object.keys(sessionStorage)) if (key.includes('transport')) sessionStorage[key] = '{\"name\":\"eventsource\",\"at\":1}';");
        server.BreaksWebSockets = false;
        await page.ReloadAsync();
        await server.AcceptLiveAsync();
        await page.ExpectAsync("Object.keys(sessionStorage).filter((key) => key.includes('transport'))", "[]");
    }

    [Fact]
    public async Task Nothing_is_remembered_without_storage()
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(
            browser, server, before: "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('blocked'); } })");

        await server.AcceptLiveStreamAsync();

        await page.ExpectAsync("[chat.state, chat.transport]", """["live","eventsource"]""");
        Assert.Empty(page.Problems);
    }

    [Fact]
    public async Task A_better_transport_takes_over_without_an_interruption()
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{ times: { backoff: 5, better: 700, grace: 100 } }");
        var stream = await server.AcceptLiveStreamAsync();
        await stream.SendAsync(ScriptedRequest.Message("e:2", "over the stream"));
        await page.ExpectAsync("all('message', 'data').length", "1");

        // The better one still doesn't get through.
        await Patience.UntilAsync(() => server.Handshakes >= 3, "the client tries it");
        await stream.SendAsync(ScriptedRequest.Message("e:3", "still"));
        await page.ExpectAsync("all('message', 'data').length", "2");
        server.BreaksWebSockets = false;
        var socket = await server.AcceptAsync();
        await stream.SendAsync(ScriptedRequest.Message("e:4", "in between"));
        await page.ExpectAsync("all('message', 'data').length", "3");
        await page.SendAsync("mine");
        var post = await server.ReceiveAsync();
        await socket.WelcomeAsync();
        await socket.SendMessageAsync("e:4", "in between");
        await socket.SendMessageAsync("e:5", "over the socket");
        await socket.SendLiveAsync("e:5");

        // What the stream has delivered in the meantime arrives again, and what it hasn't acknowledged is sent again.
        Assert.Equal(post.Messages(), [await socket.ReceiveMessageAsync()]);
        Assert.Equal(["lobby~e:3"], socket.After);
        await stream.Aborted.Soon();
        await page.ExpectAsync("all('message', 'data')", """["over the stream","still","in between","over the socket"]""");
        await page.ExpectAsync("all('state', 'state').slice(-2)", """["live","live"]""");
        await page.ExpectAsync("[chat.transport, all('gap').length]", """["websocket",0]""");
        await page.ExpectAsync("Object.keys(sessionStorage).filter((key) => key.includes('transport'))", "[]");
    }

    [Fact]
    public async Task A_page_chooses_which_transports_it_uses()
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, $"{{ {Quick}, transports: ['polling'] }}");

        await (await server.ReceiveAsync()).AnswerFramesAsync(ScriptedRequest.Live("e:1"));

        await page.ExpectAsync("[chat.state, chat.transport]", """["live","polling"]""");
        Assert.Equal("polling", server.Attempts[0]);
        await page.ConnectAsync($"{{ {Quick}, transports: ['websocket'] }}");
        await Patience.UntilAsync(() => server.Handshakes > 4, "the client tries nothing else");
        Assert.DoesNotContain("eventsource", server.Attempts);
    }

    [Fact]
    public async Task Without_the_second_module_the_client_goes_on_with_WebSockets()
    {
        await using var server = await StartAsync();
        await using var page = new ClientPage(await browser.OpenAsync(server.Address));
        await page.Page.RouteAsync("**/chatkit.fallback.js", static route => route.AbortAsync());
        await page.ConnectAsync();

        await Patience.UntilAsync(() => server.Handshakes > 4, "the client goes on");
        server.BreaksWebSockets = false;
        await server.AcceptLiveAsync();

        await page.ExpectAsync("chat.state", "\"live\"");
        Assert.DoesNotContain("eventsource", server.Attempts);
    }

    /// <summary>Starts a server that WebSockets don't reach.</summary>
    private static async Task<ScriptedServer> StartAsync(bool isSilent = false)
    {
        var server = await ScriptedServer.StartAsync();
        server.OffersHttp = true;
        server.BreaksWebSockets = !isSilent;
        server.IsSilent = isSilent;
        return server;
    }
}

using System.Text.Json;

namespace ChatRoom.Tests.Client;

/// <summary>A client opens its next connection before it leaves the current one, so that the page notices nothing.</summary>
public class HandoverTests(Browser browser)
{
    private const string Restart = """{"type":"restart","retry":0.05}""";

    /// <summary>Neither a slow test nor a slow machine makes the client give up.</summary>
    private const string Times = "backoff: 5, refused: 5, busy: 5, fallback: 20_000";

    private const string Quick = $"{{ times: {{ {Times} }} }}";

    /// <summary>The client waits for the answers on the old connection, however long.</summary>
    private const string Patient = $"{{ times: {{ {Times}, grace: 600_000 }} }}";

    private const string States = "all('state', 'state')";
    private const string Uninterrupted = """["connecting","live","live"]""";

    [Fact]
    public async Task After_a_restart_frame_the_client_moves_without_an_interruption()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Patient);
        var old = await server.AcceptLiveAsync();

        await old.SendAsync(Restart);
        var next = await server.AcceptAsync();
        Assert.Equal(["lobby~e:1"], next.After);
        Assert.Equal("c", next.Query("connection"));
        await next.WelcomeAsync();
        await next.SendMessageAsync("e:2", "two");
        await next.SendMessageAsync("e:3", "three");
        await next.PingAsync();
        await page.ExpectAsync("all('message', 'data')", "[]");
        await old.SendMessageAsync("e:2", "two");
        await page.SendAsync("said meanwhile");
        var (reference, _) = await old.ReceiveMessageAsync();
        await next.SendLiveAsync("e:3");
        await next.HasSentNothingAsync();
        await page.ExpectAsync("all('message', 'data')", """["two"]""");
        await old.AcknowledgeAsync(reference, "e:4");

        Assert.Equal(1000, await old.Closed);
        await next.SendMessageAsync("e:4", "said meanwhile");
        await page.ExpectAsync("all('message', 'data', 'live')", """[["two",true],["three",false],["said meanwhile",true]]""");
        await page.ExpectAsync("outcomes", """{"said meanwhile":"e:4"}""");
        await page.SendAsync("said after");
        Assert.Equal("said after", (await next.ReceiveMessageAsync()).Data);
        await page.ExpectAsync(States, Uninterrupted);
        await page.ExpectAsync("[all('gap').length, chat.state, chat.transport]", """[0,"live","websocket"]""");
        Assert.Equal(2, server.Handshakes);
        Assert.Empty(page.Problems);
    }

    [Fact]
    public async Task Messages_that_are_not_acknowledged_in_time_are_sent_again_in_order()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, $"{{ times: {{ {Times}, grace: 300 }} }}");
        var old = await server.AcceptLiveAsync();
        await page.SendAsync("one");
        await page.SendAsync("two");
        var one = await old.ReceiveMessageAsync();
        var two = await old.ReceiveMessageAsync();

        await old.SendAsync(Restart);
        var next = await server.AcceptLiveAsync();

        Assert.Equal(one, await next.ReceiveMessageAsync());
        Assert.Equal(two, await next.ReceiveMessageAsync());
        Assert.Equal(1000, await old.Closed);
        await next.AcknowledgeAsync(one.Ref, "e:2");
        await next.AcknowledgeAsync(two.Ref, "e:3");
        await page.ExpectAsync("outcomes", """{"one":"e:2","two":"e:3"}""");
        await page.ExpectAsync(States, Uninterrupted);
    }

    /// <summary>Both connections deliver the same, one of them a little later. What has no position is told apart by its content.</summary>
    [Fact]
    public async Task What_both_connections_deliver_is_reported_once()
    {
        string[] both =
        [
            """{"type":"message","room":"lobby","at":"2026-11-22T18:00:00Z","data":"ephemeral"}""",
            """{"type":"message","at":"2026-11-22T18:00:00Z","data":"for you"}""",
            """{"type":"signal","room":"lobby","from":"bob","name":"typing"}""",
            """{"type":"read","room":"lobby","user":"bob","position":"e:1"}""",
            """{"type":"change","room":"lobby","position":"e:1","revision":3,"at":"2026-11-22T18:00:00Z","data":"edited"}""",
        ];
        string[] late =
        [
            """{"type":"signal","room":"lobby","from":"bob","name":"typing"}""",
            """{"type":"change","room":"lobby","position":"e:1","revision":4,"at":"2026-11-22T18:00:00Z","deleted":true}""",
        ];
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Patient);
        var old = await server.AcceptLiveAsync();
        await page.RunAsync("chat.older().catch(() => {});"); // As long as it isn't answered, the old connection stays.
        var (history, _) = await old.ReceiveAsync("history");
        await old.SendAsync("""{"type":"presence","room":"lobby","here":["ann","bob"]}""");
        await old.SendAsync(Restart);
        var next = await server.AcceptAsync();
        await next.WelcomeAsync();
        await next.SendLiveAsync("e:1");
        await next.SendAsync("""{"type":"presence","room":"lobby","here":["ann","bob"],"members":{"bob":{"n":1}}}""");
        foreach (var frame in both)
            await old.SendAsync(frame);
        await old.SendMessageAsync("e:2", "two");
        await old.SendMessageAsync("e:3", "three");
        await old.SendAsync("""{"type":"presence","room":"lobby","joined":["carl"],"left":["bob"]}""");
        foreach (var frame in both.Concat(late))
            await next.SendAsync(frame);
        await next.SendMessageAsync("e:2", "two");
        await next.SendMessageAsync("e:3", "three");
        await next.SendMessageAsync("e:4", "four");
        await next.SendAsync("""{"type":"presence","room":"lobby","joined":["carl"],"left":["bob"]}""");
        await next.SendAsync("""{"type":"presence","room":"lobby","joined":["dora"],"members":{"dora":{"n":2}}}""");
        await next.PingAsync();
        await old.PingAsync();
        await page.ExpectAsync("all('message', 'data')", """["ephemeral","for you","two","three"]""");

        await old.SendAsync($$"""{"type":"history","ref":"{{history}}","room":"lobby","messages":[]}""");

        Assert.Equal(1000, await old.Closed);
        await page.ExpectAsync("all('message', 'data')", """["ephemeral","for you","two","three","four"]""");
        await page.ExpectAsync("all('signal', 'name')", """["typing","typing"]""");
        await page.ExpectAsync("all('read', 'user', 'position')", """[["bob","e:1"]]""");
        await page.ExpectAsync("all('change', 'data', 'deleted')", """[["edited",false],[null,true]]""");
        await page.ExpectAsync(
            "all('presence', 'here', 'joined', 'left', 'members')",
            """[[["ann","bob"],[],[],{}],[["ann","carl"],["carl"],["bob"],{}],[["ann","carl","dora"],[],[],{"dora":{"n":2}}]]""");
        await page.ExpectAsync("all('gap').length", "0");
        Assert.Empty(page.Problems);
    }

    [Fact]
    public async Task A_gap_is_reported_only_if_the_old_connection_has_not_filled_it()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        var old = await server.AcceptLiveAsync();
        await old.SendAsync(Restart);
        var next = await server.AcceptAsync();
        await next.WelcomeAsync();
        for (var i = 2; i <= 5; i++)
            await old.SendMessageAsync($"e:{i}", $"{i}");
        await old.PingAsync();

        await next.SendAsync("""{"type":"gap","room":"lobby","after":"e:1","next":"e:4","missed":2}""");
        await next.SendMessageAsync("e:4", "4");
        await next.SendMessageAsync("e:5", "5");
        await next.SendMessageAsync("e:6", "6");
        await next.SendLiveAsync("e:6");

        await page.ExpectAsync("all('message', 'data')", """["2","3","4","5","6"]""");
        await page.ExpectAsync("all('gap').length", "0");
        await next.SendMessageAsync("e:8", "8");
        await page.ExpectAsync("all('gap', 'after', 'next', 'missed')", """[["e:6","e:8",1]]""");
    }

    [Fact]
    public async Task A_stream_that_has_started_again_is_reported_once()
    {
        const string Reset = """{"type":"gap","room":"lobby","after":"e:1","next":"f:1","reset":true}""";
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        var old = await server.AcceptLiveAsync();
        await old.SendAsync(Restart);
        var next = await server.AcceptAsync();
        await next.WelcomeAsync();
        await old.SendAsync(Reset);
        await old.SendMessageAsync("f:1", "one");
        await old.PingAsync();

        await next.SendAsync(Reset);
        await next.SendMessageAsync("f:1", "one");
        await next.SendMessageAsync("f:2", "two");
        await next.SendLiveAsync("f:2");

        await page.ExpectAsync("all('message', 'data')", """["one","two"]""");
        await page.ExpectAsync("all('gap', 'next', 'reset')", """[["f:1",true]]""");
    }

    [Fact]
    public async Task The_client_waits_until_the_new_connection_is_live_in_every_room()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        await page.RunAsync("window.team = chat.join('team'); window.closed = chat.join('closed');");
        var old = await server.AcceptLiveAsync();
        await old.AcceptJoinAsync("team");
        await old.SendLiveAsync("t:1", "team");
        await old.AcceptJoinAsync("closed");
        await old.SendLiveAsync("x:1", "closed");
        await old.SendAsync(Restart);
        var next = await server.AcceptLiveAsync();
        await next.AcceptJoinAsync("team", "t:1");
        var (denied, _) = await next.ReceiveAsync("join");
        await next.RefuseAsync(denied, "forbidden");
        await page.RunAsync("window.late = chat.join('late');");
        await old.AcceptJoinAsync("late");
        await old.SendLiveAsync("l:1", "late");
        await old.SendMessageAsync("t:2", "two", "team");
        await old.PingAsync();
        await next.AcceptJoinAsync("late");
        await next.SendLiveAsync("l:1", "late");
        await next.HasSentNothingAsync();
        await page.ExpectAsync("all('error').length", "0");

        await next.SendMessageAsync("t:2", "two", "team");
        await next.SendMessageAsync("t:3", "three", "team");
        await next.SendLiveAsync("t:3", "team");

        Assert.Equal(1000, await old.Closed);
        await page.ExpectAsync("all('message', 'data')", """["two","three"]""");
        await page.ExpectAsync("all('error', 'room', 'code')", """[["closed","forbidden"]]""");
        await page.RunAsync("team.send('four'); late.leave();");
        Assert.Equal("""{"room":"team","data":"four"}""", (await next.ReceiveAsync("message")).Content);
        Assert.Equal("""{"room":"late"}""", (await next.ReceiveAsync("leave")).Content);
        await page.ExpectAsync(States, Uninterrupted);

        // The client alone has joined the room, so the next handshake doesn't name it.
        await next.AbortAsync();
        var last = await server.AcceptLiveAsync();
        Assert.Equal(["lobby~e:1"], last.After);
        await last.AcceptJoinAsync("team", "t:3");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_room_that_is_left_meanwhile_is_left_on_the_new_connection_too(bool byServer)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        await page.RunAsync("window.team = chat.join('team');");
        var old = await server.AcceptLiveAsync();
        await old.AcceptJoinAsync("team");
        await old.SendLiveAsync("t:1", "team");
        await old.SendAsync(Restart);
        var next = await server.AcceptLiveAsync();
        await next.AcceptJoinAsync("team", "t:1");
        await next.SendMessageAsync("t:2", "not for the page", "team");
        await next.PingAsync();

        if (byServer)
        {
            await old.SendAsync("""{"type":"left","room":"team","reason":"It was closed."}""");
        }
        else
        {
            await page.RunAsync("team.leave();");
            var (reference, _) = await old.ReceiveAsync("leave");
            await old.SendAsync($$"""{"type":"ack","ref":"{{reference}}","room":"team"}""");
        }

        var another = await server.AcceptLiveAsync();
        Assert.Equal(1000, await next.Closed);
        Assert.Equal(1000, await old.Closed);
        await another.HasSentNothingAsync();
        await page.ExpectAsync("[all('message').length, all('left').length]", byServer ? "[0,1]" : "[0,0]");
        await page.ExpectAsync(States, Uninterrupted);
    }

    [Fact]
    public async Task A_new_connection_that_is_refused_or_breaks_leaves_the_old_one_alone()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        var old = await server.AcceptLiveAsync();
        await old.SendAsync(Restart);

        foreach (var code in new[] { 1013, 1008, 1008, 1008, 1008, 1000, 4000 })
            await (await server.AcceptAsync()).CloseAsync(code, "no");
        var broken = await server.AcceptAsync();
        await broken.WelcomeAsync();
        await broken.SendMessageAsync("e:2", "lost");
        await old.SendMessageAsync("e:2", "still here");
        await page.ExpectAsync("all('message', 'data')", """["still here"]""");
        await broken.AbortAsync();
        await page.ExpectAsync(States, """["connecting","live"]""");
        var next = await server.AcceptLiveAsync("e:2");

        Assert.Equal(["lobby~e:2"], next.After);
        Assert.Equal(1000, await old.Closed);
        await page.ExpectAsync(States, Uninterrupted);
    }

    [Fact]
    public async Task Without_a_new_connection_the_end_of_the_old_one_is_as_usual()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick, "Math.random = () => 1");
        var old = await server.AcceptLiveAsync();
        await old.SendAsync(Restart);
        server.BreaksWebSockets = true;
        await Patience.UntilAsync(() => server.Handshakes > 3, "the client tries");

        await old.CloseAsync(1012, "the server is restarting");

        await page.ExpectAsync("all('state', 'state', 'code').slice(2, 3)", """[["reconnecting",1012]]""");
        server.BreaksWebSockets = false;
        await server.AcceptLiveAsync();
        await page.ExpectAsync("chat.state", "\"live\"");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task If_the_old_connection_ends_first_the_new_one_takes_over_at_once(bool hasWelcome)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{ times: { backoff: 600_000, backoffLimit: 600_000, fallback: 20_000 } }");
        await page.RunAsync("window.team = chat.join('team');");
        var old = await server.AcceptLiveAsync();
        await old.AcceptJoinAsync("team");
        await old.SendLiveAsync("t:1", "team");
        await page.SendAsync("waits");
        await old.ReceiveMessageAsync();
        await old.SendAsync(Restart);
        var next = await server.AcceptAsync();
        if (hasWelcome)
        {
            await next.WelcomeAsync();
            await next.AcceptJoinAsync("team", "t:1");
            await next.SendMessageAsync("e:2", "two");
            await next.PingAsync();
        }

        await old.AbortAsync();

        await page.ExpectAsync("all('state', 'state', 'code').slice(2, 3)", """[["reconnecting",1006]]""");
        if (!hasWelcome)
        {
            await next.WelcomeAsync();
            await next.SendMessageAsync("e:2", "two");
        }

        Assert.Equal("waits", (await next.ReceiveMessageAsync()).Data);
        if (!hasWelcome)
            await next.AcceptJoinAsync("team", "t:1");
        await next.SendLiveAsync("t:1", "team");
        await next.SendLiveAsync("e:2");
        await page.ExpectAsync("[chat.state, all('message', 'data')]", """["live",["two"]]""");
        await page.RunAsync("team.send('still in');");
        Assert.Equal("""{"room":"team","data":"still in"}""", (await next.ReceiveAsync("message")).Content);
        if (hasWelcome)
            Assert.Equal(2, server.Handshakes);
    }

    [Theory]
    [InlineData("chat.close();", "closed")]
    [InlineData("dispatchEvent(new Event('offline'));", "offline")]
    public async Task A_client_that_closes_or_goes_offline_meanwhile_ends_both_connections(string script, string state)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        var old = await server.AcceptLiveAsync();
        await old.SendAsync(Restart);
        var next = await server.AcceptAsync();
        await next.WelcomeAsync();
        await next.PingAsync();

        await page.RunAsync(script);

        Assert.Equal(1000, await old.Closed);
        Assert.Equal(1000, await next.Closed);
        await page.ExpectAsync(States, $"""["connecting","live","{state}"]""");
        Assert.Equal(2, server.Handshakes);
    }

    [Fact]
    public async Task Reconnecting_meanwhile_opens_one_connection_in_place_of_both()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        var old = await server.AcceptLiveAsync();
        await old.SendAsync(Restart);
        var next = await server.AcceptAsync();

        await page.RunAsync("chat.reconnect();");

        await server.AcceptLiveAsync();
        Assert.Equal(1000, await old.Closed);
        Assert.Equal(1000, await next.Closed);
        await page.ExpectAsync(States, """["connecting","live","reconnecting","live"]""");
        Assert.Equal(3, server.Handshakes);
    }

    [Fact]
    public async Task A_flood_of_joins_on_the_new_connection_is_spread_over_further_ones()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        await page.RunAsync("for (const room of ['a', 'b', 'c', 'd']) chat.join(room);");
        var old = await server.AcceptLiveAsync();
        foreach (var room in new[] { "a", "b", "c", "d" })
        {
            await old.AcceptJoinAsync(room);
            await old.SendLiveAsync("r:1", room);
        }

        await old.SendAsync(Restart);
        var next = await server.AcceptLiveAsync();
        var (first, _) = await next.ReceiveAsync("join");
        await next.SendAsync($$"""{"type":"error","ref":"{{first}}","code":"rate_limited","text":"Too much.","retry":0.01}""");
        await next.CloseAsync(1008, "too much");

        next = await server.AcceptLiveAsync();
        foreach (var room in new[] { "a", "b" })
        {
            await next.AcceptJoinAsync(room, "r:1");
            await next.SendLiveAsync("r:1", room);
        }

        Assert.Equal(1000, await old.Closed);
        foreach (var room in new[] { "c", "d" })
            await next.AcceptJoinAsync(room, "r:1");
        await page.ExpectAsync(States, Uninterrupted);
    }

    /// <summary>A server may be asked for more than it has room for in a URL.</summary>
    [Fact]
    public async Task Positions_that_do_not_fit_into_the_URL_follow_in_frames()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        var old = await server.AcceptLiveAsync();
        var rooms = Enumerable.Range(1, 40).Select(static i => $"{new string('r', 200)}{i}").ToArray();
        foreach (var room in rooms)
            await old.SendMessageAsync("r:1", "one", room);
        await old.SendAsync(Restart);
        var next = await server.AcceptAsync();
        Assert.True(next.ResumesByFrame);
        await next.WelcomeAsync();

        var named = next.After.Select(static after => after!.Split('~')[0]).ToHashSet();
        while ((await next.ReceiveAsync("resume")).Content is var content && !content.Contains("\"last\":true", StringComparison.Ordinal))
            named.Add(Assert.Single(JsonElement.Parse(content).GetProperty("after").EnumerateObject()).Name);
        await next.SendLiveAsync("e:1");

        Assert.Equal(rooms.Append("lobby").Order(), named.Order());
        Assert.Equal(1000, await old.Closed);
        await next.HasSentNothingAsync();
    }

    [Fact]
    public async Task An_event_stream_is_replaced_too()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.OffersHttp = true;
        await using var page = await ClientPage.ConnectAsync(browser, server, $"{{ times: {{ {Times} }}, transports: ['eventsource'] }}");
        var old = await server.AcceptLiveStreamAsync();
        await old.SendAsync(Restart);

        var next = await server.AcceptLiveStreamAsync();

        await old.Aborted.Soon();
        await next.SendAsync(ScriptedRequest.Message("e:2", "two"));
        await page.ExpectAsync("all('message', 'data')", """["two"]""");
        await page.ExpectAsync($"[{States}, chat.transport]", $"[{Uninterrupted},\"eventsource\"]");
    }

    [Fact]
    public async Task Without_the_second_module_the_client_reconnects_when_the_connection_ends()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = new ClientPage(await browser.OpenAsync(server.Address));
        var asked = new TaskCompletionSource();
        await page.Page.RouteAsync("**/chatkit.fallback.js", async route =>
        {
            await route.AbortAsync();
            asked.TrySetResult();
        });
        await page.ConnectAsync();
        var old = await server.AcceptLiveAsync();
        await old.SendAsync(Restart);
        await asked.Task.Soon();

        await old.CloseAsync(1012, "the server is restarting");

        await server.AcceptLiveAsync();
        await page.ExpectAsync(States, """["connecting","live","reconnecting","reconnecting","live"]""");
        Assert.Empty(page.Problems);
    }
}

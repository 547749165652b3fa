namespace ChatRoom.Tests.Client;

/// <summary>The browser client with long polls and posts.</summary>
public class PollingTests(Browser browser)
{
    private const string Quick = "{ transports: ['polling'], times: { backoff: 5, refused: 5, busy: 5 } }";

    [Fact]
    public async Task Many_polls_are_one_connection_to_the_page()
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        const string Presence = """{"type":"presence","room":"lobby","here":["bob"]}""";

        var first = await server.ReceiveAsync();
        Assert.Equal(["1", "0"], [first.Query("frames")[0], first.Query("wait")[0]]);
        Assert.Empty(first.Query("after"));
        Assert.Equal("Ann", first.Query("name")[0]);
        await first.AnswerFramesAsync(ScriptedRequest.Message("e:1", "one"), ScriptedRequest.Live("e:1"), Presence);
        var second = await server.ReceiveAsync();
        Assert.Equal(["25", "lobby~e:1"], [second.Query("wait")[0], second.Query("after")[0]]);
        await second.AnswerFramesAsync(ScriptedRequest.Message("e:2", "two"), ScriptedRequest.Live("e:2"), Presence);
        var third = await server.ReceiveAsync();
        Assert.Equal("lobby~e:2", third.Query("after")[0]);

        await page.ExpectAsync("all('message', 'data', 'live')", """[["one",false],["two",true]]""");
        await page.ExpectAsync("[all('state', 'state'), all('live').length, all('presence').length]", """[["connecting","live"],1,1]""");
    }

    [Fact]
    public async Task Each_message_leaves_in_a_post_when_the_one_before_is_answered()
    {
        await using var server = await StartAsync();
        await using var page = await ConnectAsync(server);
        await page.SendAsync("one");
        await page.SendAsync("two");
        await page.SendAsync("three");

        var one = await PostAsync(server);
        Assert.Null(one.Header("ChatKit-Connection"));
        await one.AnswerAsync(201, ScriptedRequest.Ack(one.Messages()[0].Ref, "e:2"));
        var two = await PostAsync(server);
        await two.RefuseAsync(403, "muted");
        var three = await PostAsync(server);
        await three.AnswerAsync(200, $$"""{"type":"ack","ref":"{{three.Messages()[0].Ref}}"}""");

        await page.ExpectAsync("Object.entries(outcomes)", """[["one","e:2"],["two","muted"],["three",null]]""");
        await page.ExpectAsync("all('error', 'code', 'text', 'data')", """[["muted","It is muted.","two"]]""");
    }

    [Fact]
    public async Task While_the_store_is_unavailable_messages_keep_their_order()
    {
        await using var server = await StartAsync();
        await using var page = await ConnectAsync(server);
        await page.SendAsync("one");
        await page.SendAsync("two");

        await (await PostAsync(server)).RefuseAsync(503, "unavailable", "1");

        foreach (var text in new[] { "one", "two" })
        {
            var post = await PostAsync(server);
            Assert.Equal(text, post.Messages()[0].Data);
            await post.AnswerAsync(201, ScriptedRequest.Ack(post.Messages()[0].Ref, $"e:{text.Length}"));
        }

        await page.ExpectAsync("[outcomes, all('state', 'state')]", """[{"one":"e:3","two":"e:3"},["connecting","live"]]""");
    }

    [Fact]
    public async Task A_post_that_is_lost_is_sent_again_with_the_same_ref()
    {
        await using var server = await StartAsync();
        await using var page = await ConnectAsync(server);
        await page.SendAsync("one");
        var lost = await PostAsync(server);

        lost.Abort();

        ScriptedRequest next;
        while ((next = await server.ReceiveAsync()).Transport != "post")
            await next.AnswerFramesAsync(ScriptedRequest.Live("e:1"));
        Assert.Equal(lost.Messages(), next.Messages());
    }

    [Fact]
    public async Task Too_many_messages_wait_as_long_as_the_server_says()
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{ transports: ['polling'] }", "Math.random = () => 0");
        await (await server.ReceiveAsync()).AnswerFramesAsync(ScriptedRequest.Live("e:1"));
        await page.SendAsync("one");

        await (await PostAsync(server)).RefuseAsync(429, "rate_limited", "2");

        await page.ExpectAsync(
            "all('state', 'state', 'code', 'delay').slice(2).map(([state, code, delay]) => [state, code, Math.round(delay / 100)])",
            """[["reconnecting",1008,20]]""");
        await page.ExpectAsync("chat.pending.map(({ data }) => data)", """["one"]""");
    }

    [Fact]
    public async Task Rooms_are_joined_and_left_with_the_next_poll()
    {
        await using var server = await StartAsync();
        await using var page = await ConnectAsync(server);
        var idle = await server.ReceiveAsync();
        await page.RunAsync("window.team = chat.join('team'); window.secret = chat.join('secret');");

        await idle.Aborted.Soon();
        var poll = await NextAsync(server, static request => request.Query("join").Count == 2);
        Assert.Equal(["team", "secret"], poll.Query("join"));
        Assert.Equal("0", poll.Query("wait")[0]);
        await poll.AnswerFramesAsync(
            ScriptedRequest.Live("e:1"), ScriptedRequest.Message("t:7", "hi", "team"), ScriptedRequest.Live("t:7", "team"),
            """{"type":"error","ref":"join-1","code":"forbidden","text":"No."}""");

        await page.ExpectAsync("all('message', 'room', 'data')", """[["team","hi"]]""");
        await page.ExpectAsync("all('error', 'room', 'code')", """[["secret","forbidden"]]""");
        await page.ExpectAsync("all('live', 'room')", """["lobby","team"]""");
        var next = await NextAsync(server, static request => request.Query("wait")[0] == "25");
        Assert.Equal(["team"], next.Query("join"));
        Assert.Equal(["lobby~e:1", "team~t:7"], next.Query("after").Order());
        await page.RunAsync("team.send('to the team').catch(() => {});");
        var post = await PostAsync(server);
        Assert.Contains("\"room\":\"team\"", post.Body, StringComparison.Ordinal);
        await post.AnswerAsync(201, ScriptedRequest.Ack(post.Messages()[0].Ref, "t:8"));
        await page.RunAsync("team.leave();");
        await next.Aborted.Soon();
        Assert.Empty((await NextAsync(server, static request => request.Query("join").Count == 0)).Query("join"));
    }

    [Fact]
    public async Task A_room_that_the_client_may_no_longer_be_in_is_left()
    {
        await using var server = await StartAsync();
        await using var page = await ConnectAsync(server);
        await page.RunAsync("chat.join('team');");
        await (await NextAsync(server, static request => request.Query("join").Count == 1)).AnswerFramesAsync(ScriptedRequest.Live("t:1", "team"));

        await (await NextAsync(server, static request => request.Query("wait")[0] == "25" && request.Query("join").Count == 1))
            .AnswerFramesAsync("""{"type":"error","ref":"join-0","code":"forbidden","text":"You were removed."}""");

        await page.ExpectAsync("all('left', 'room', 'reason')", """[["team","You were removed."]]""");
        await NextAsync(server, static request => request.Query("join").Count == 0);
    }

    [Fact]
    public async Task A_close_by_the_handler_has_the_code_and_the_reason()
    {
        await using var server = await StartAsync();
        await using var page = await ConnectAsync(server);

        await (await server.ReceiveAsync()).AnswerAsync(
            403, """{"title":"Forbidden","status":403,"detail":"enough","code":"closed","closeCode":4001}""", "application/problem+json");

        await page.ExpectAsync("all('state', 'state', 'reason', 'code').at(-1)", """["closed","enough",4001]""");
    }

    private static async Task<ScriptedServer> StartAsync()
    {
        var server = await ScriptedServer.StartAsync();
        server.OffersHttp = true;
        return server;
    }

    /// <summary>Connects a client that is live in the lobby.</summary>
    private async Task<ClientPage> ConnectAsync(ScriptedServer server)
    {
        var page = await ClientPage.ConnectAsync(browser, server, Quick);
        await (await server.ReceiveAsync()).AnswerFramesAsync(ScriptedRequest.Live("e:1"));
        await page.ExpectAsync("chat.state", "\"live\"");
        return page;
    }

    private static Task<ScriptedRequest> PostAsync(ScriptedServer server) => NextAsync(server, static request => request.Transport == "post");

    /// <summary>Returns the next request that meets a condition. Those before it aren't answered.</summary>
    private static async Task<ScriptedRequest> NextAsync(ScriptedServer server, Func<ScriptedRequest, bool> condition)
    {
        while (true)
        {
            var request = await server.ReceiveAsync();
            if (condition(request))
                return request;
        }
    }
}

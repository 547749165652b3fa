namespace ChatRoom.Tests.Client;

/// <summary>The browser client with an event stream and posts.</summary>
public class EventStreamTests(Browser browser)
{
    private const string Quick = "{ transports: ['eventsource'], times: { backoff: 5, refused: 5, busy: 5 } }";

    [Fact]
    public async Task What_waits_leaves_in_one_numbered_post_at_a_time()
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        var stream = await server.AcceptLiveStreamAsync();
        await page.ExpectAsync("chat.state", "\"live\"");

        await page.SendAsync("one");
        var first = await server.ReceiveAsync();
        await page.SendAsync("two");
        await page.SendAsync("three");
        await first.AnswerAsync(202);
        var second = await server.ReceiveAsync();
        await second.AnswerAsync(202);

        Assert.Equal("""{"type":"message","ref":"R","data":"one"}""", first.Body.Replace(first.Messages()[0].Ref, "R", StringComparison.Ordinal));
        Assert.Equal(["two", "three"], second.Messages().Select(static message => message.Data));
        Assert.Equal(["1", "2"], [first.Header("ChatKit-Sequence"), second.Header("ChatKit-Sequence")]);
        Assert.Equal(["proof", "proof"], [first.Header("ChatKit-Connection"), second.Header("ChatKit-Connection")]);
        await stream.SendAsync(ScriptedRequest.Ack(first.Messages()[0].Ref, "e:2"));
        await page.ExpectAsync("outcomes", """{"one":"e:2"}""");
    }

    [Fact]
    public async Task A_post_is_at_most_as_large_as_the_server_accepts()
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        await server.AcceptLiveStreamAsync(limit: 300);
        await page.ExpectAsync("chat.state", "\"live\"");

        await page.RunAsync("for (let i = 0; i < 10; i++) chat.send(`ä ${i}`).catch(() => {});");

        var received = new List<string?>();
        while (received.Count < 10)
        {
            var post = await server.ReceiveAsync();
            Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(post.Body), 1, 300);
            received.AddRange(post.Messages().Select(static message => message.Data));
            await post.AnswerAsync(202);
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(static i => $"ä {i}"), received);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task A_post_that_fails_is_sent_again_with_the_same_number(int status)
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        await server.AcceptLiveStreamAsync();
        await page.SendAsync("one");
        var first = await server.ReceiveAsync();
        await page.SendAsync("two");

        if (status == 0)
            first.Abort();
        else
            await first.AnswerAsync(status, retryAfter: "0");

        var again = await server.ReceiveAsync();
        Assert.Equal((first.Body, "1"), (again.Body, again.Header("ChatKit-Sequence")));
        await again.AnswerAsync(202);
        var second = await server.ReceiveAsync();
        Assert.Equal(("two", "2"), (second.Messages()[0].Data, second.Header("ChatKit-Sequence")));
        await page.ExpectAsync("all('state', 'state')", """["connecting","live"]""");
    }

    [Theory]
    [InlineData(403)]
    [InlineData(410)]
    public async Task When_the_stream_is_gone_the_client_opens_a_new_one_and_sends_again_what_is_not_acknowledged(int status)
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        var stream = await server.AcceptLiveStreamAsync();
        await page.SendAsync("one");
        var first = await server.ReceiveAsync();
        await page.SendAsync("two");

        await first.AnswerAsync(status);

        await stream.Aborted.Soon();
        var next = await server.AcceptLiveStreamAsync();
        Assert.Equal(["lobby~e:1"], next.Query("after"));
        Assert.Equal(["s"], next.Query("connection"));
        var post = await server.ReceiveAsync();
        Assert.Equal("1", post.Header("ChatKit-Sequence"));
        Assert.Equal(["one", "two"], post.Messages().Select(static message => message.Data));
        Assert.Equal(first.Messages()[0].Ref, post.Messages()[0].Ref);
        Assert.Equal("eventsource", next.Transport);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    public async Task The_client_stays_closed_after_three_refusals(int status)
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);

        for (var i = 0; i < 3; i++)
            await (await server.ReceiveAsync()).AnswerAsync(status, "not you\n", "text/plain");

        await page.ExpectAsync("all('state', 'state', 'reason', 'code').at(-1)", """["closed","not you",1008]""");
        Assert.Equal(3, server.Attempts.Count);
    }

    [Fact]
    public async Task A_full_server_is_asked_again_when_it_says()
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{ transports: ['eventsource'] }", "Math.random = () => 0");

        await (await server.ReceiveAsync()).AnswerAsync(503, "full", "text/plain", retryAfter: "3");

        await page.ExpectAsync(
            "all('state', 'state', 'reason', 'code', 'delay').slice(1).map(([...all]) => [...all.slice(0, 3), Math.round(all[3] / 100)])",
            """[["reconnecting","full",1013,30]]""");
    }

    [Theory]
    [InlineData(4000, "closed")]
    [InlineData(1012, "reconnecting")]
    public async Task A_close_event_means_the_same_as_a_close_frame(int code, string state)
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        var stream = await server.AcceptLiveStreamAsync();

        await stream.CloseAsync(code, "so long");

        await page.ExpectAsync("all('state', 'state', 'reason', 'code')[2]", $"""["{state}","so long",{code}]""");
    }

    [Fact]
    public async Task Frames_arrive_in_any_pieces_and_comments_are_signs_of_life()
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Quick);
        var stream = await server.AcceptStreamAsync();
        await stream.SendAsync("""{"type":"welcome","connection":"s","room":"lobby","ping":0.5,"limit":65536,"token":"proof"}""");
        await stream.SendAsync(ScriptedRequest.Live("e:1"));
        for (var i = 0; i < 6; i++)
        {
            await stream.WriteAsync(": ping\n\n");
            await Task.Delay(300, TestContext.Current.CancellationToken); // The client would give up after one second.
        }

        foreach (var piece in new[] { "id: lobby~e:2\r\nda", "ta: ", ScriptedRequest.Message("e:2", "wörds")[..80], ScriptedRequest.Message("e:2", "wörds")[80..] + "\r", "\n", "\r\n" })
            await stream.WriteAsync(piece);

        await page.ExpectAsync("all('message', 'data')", """["wörds"]""");
        await page.ExpectAsync("all('state', 'state')", """["connecting","live"]""");
    }

    [Fact]
    public async Task Each_stream_sends_a_fresh_token_as_a_header()
    {
        await using var server = await StartAsync();
        await using var page = await ClientPage.ConnectAsync(
            browser, server, "{ transports: ['eventsource'], times: { backoff: 5, refused: 5 }, token: async () => `t${window.count = (window.count ?? 0) + 1}` }");
        var stream = await server.AcceptLiveStreamAsync();
        await page.SendAsync("one");
        var post = await server.ReceiveAsync();

        await post.AnswerAsync(401, "expired", "text/plain");

        var next = await server.AcceptLiveStreamAsync();
        Assert.Equal(["Bearer t1", "Bearer t1", "Bearer t2"], [stream.Header("Authorization"), post.Header("Authorization"), next.Header("Authorization")]);
    }

    private static async Task<ScriptedServer> StartAsync()
    {
        var server = await ScriptedServer.StartAsync();
        server.OffersHttp = true;
        return server;
    }
}

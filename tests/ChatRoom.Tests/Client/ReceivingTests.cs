using System.Net.WebSockets;

namespace ChatRoom.Tests.Client;

public class ReceivingTests(Browser browser)
{
    [Fact]
    public async Task Message_events_contain_all_members_of_the_frame()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptAsync();
        await connection.WelcomeAsync();

        await connection.SendMessageAsync("e:1", "hi");
        await connection.SendAsync("""{"type":"message","room":"lobby","position":"e:2","at":"2026-11-22T18:00:00Z","base64":"AP+A"}""");
        await connection.SendLiveAsync("e:2");
        await connection.SendAsync("""{"type":"message","room":"lobby","at":"2026-11-22T18:00:00Z","data":"fleeting"}""");
        await connection.SendAsync("""{"type":"message","at":"2026-11-22T18:00:00Z","data":"for you"}""");

        await page.ExpectAsync(
            "all('message', 'room', 'position', 'from', 'data', 'live')",
            """[["lobby","e:1","bob","hi",false],["lobby","e:2",null,{"0":0,"1":255,"2":128},false],["lobby",null,null,"fleeting",true],[null,null,null,"for you",true]]""");
        await page.ExpectAsync("all('message', 'at')[0] instanceof Date && all('message', 'at')[0]", "\"2026-11-22T18:00:00.123Z\"");
        await page.ExpectAsync("all('message', 'data')[1] instanceof Uint8Array", "true");
        await page.ExpectAsync("all('live', 'room', 'recovered')", """[["lobby",true]]""");
        await page.ExpectAsync("all('state', 'state')", """["connecting","live"]""");
        await page.ExpectAsync("[chat.state, chat.user, chat.home]", """["live","ann","lobby"]""");
    }

    [Fact]
    public async Task The_client_resumes_every_room_and_drops_duplicates()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptAsync();
        Assert.Empty(first.After);
        await first.WelcomeAsync();
        await first.SendMessageAsync("e:9", "nine");
        await first.SendLiveAsync("e:9");
        await first.SendLiveAsync("x:3", "a room~ü/");
        await first.AbortAsync();

        var second = await server.AcceptAsync();
        Assert.Equal(["a room~ü/~x:3", "lobby~e:9"], second.After);
        await second.WelcomeAsync();
        await second.SendMessageAsync("e:9", "nine");
        await second.SendMessageAsync("e:8", "eight");
        await second.SendMessageAsync("e:10", "ten");
        await second.SendMessageAsync("x:3", "three", "a room~ü/");
        await second.SendMessageAsync("y:1", "of a new stream");

        await page.ExpectAsync("all('message', 'data')", """["nine","ten","of a new stream"]""");
    }

    [Fact]
    public async Task The_client_names_as_many_rooms_in_the_URL_as_proxies_accept_and_the_others_in_frames()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync();
        Assert.False(first.ResumesByFrame);
        for (var i = 0; i < 400; i++)
            await first.SendLiveAsync("e:1", $"room-{i}");
        await first.AbortAsync();

        var second = await server.AcceptAsync();
        await page.SendAsync("typed before");
        Assert.InRange(second.After.Count, 150, 250);
        Assert.Equal(Enumerable.Range(0, second.After.Count).Select(static i => $"room-{399 - i}~e:1"), second.After);
        Assert.True(second.ResumesByFrame);
        await second.HasSentNothingAsync();
        await second.WelcomeAsync();

        var (frames, positions) = await ResumeAsync(second);
        Assert.Equal(1, frames);
        Assert.Equal([.. Enumerable.Range(0, 400).Reverse().Skip(second.After.Count).Select(static i => $"room-{i}~e:1"), "lobby~e:1"], positions);
        Assert.Equal("typed before", (await second.ReceiveMessageAsync()).Data);
    }

    [Fact]
    public async Task The_frames_are_not_larger_than_the_server_accepts()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync();
        for (var i = 0; i < 60; i++)
            await first.SendLiveAsync("e:1", $"{i}{new string('房', 100)}");
        await first.SendLiveAsync("e:1", "last");
        await first.AbortAsync();

        var second = await server.AcceptAsync();
        var named = second.After.Count;
        Assert.InRange(named, 2, 10);
        await second.WelcomeAsync(limit: 1000);

        var (frames, positions) = await ResumeAsync(second, limit: 1000);
        Assert.InRange(frames, 2, 60);
        Assert.Equal(62 - named, positions.Count);
        Assert.Equal(62, positions.Concat(second.After).Distinct().Count());
    }

    [Fact]
    public async Task A_page_that_already_shows_messages_starts_after_them()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(
            browser,
            server,
            "{ times: { backoff: 5 }, after: { lobby: 'e:42', 'k~ü': 'f:7' } }",
            url: "chat/lobby?after=a~b~g:3&name=Ann&after=lobby~e:1");

        var first = await server.AcceptAsync();
        Assert.Equal(["k~ü~f:7", "lobby~e:42", "a~b~g:3"], first.After);
        Assert.Equal("Ann", first.Query("name"));
        await first.WelcomeAsync();
        await first.SendMessageAsync("e:42", "shown already");
        await first.SendMessageAsync("e:43", "new");
        await first.SendLiveAsync("e:43");
        await first.AbortAsync();

        var second = await server.AcceptAsync();
        Assert.Equal(["lobby~e:43", "k~ü~f:7", "a~b~g:3"], second.After);
        await page.ExpectAsync("all('message', 'data')", """["new"]""");
        await page.ExpectAsync("all('gap', 'missed')", "[]");
    }

    [Theory]
    [InlineData("chat/lobby?after=lobby", "{}")]
    [InlineData("chat/lobby?after=lobby~e", "{}")]
    [InlineData("chat/lobby", "{ after: { lobby: 'e' } }")]
    [InlineData("chat/lobby", "{ after: { lobby: undefined } }")]
    public async Task The_client_refuses_to_start_at_an_invalid_position(string url, string options)
    {
        await using var server = await ScriptedServer.StartAsync();

        var problem = await Assert.ThrowsAsync<Microsoft.Playwright.PlaywrightException>(
            () => ClientPage.ConnectAsync(browser, server, options, url: url));

        Assert.Contains("TypeError", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unannounced_jump_of_positions_is_reported_as_a_gap()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync("e:9");
        await first.SendMessageAsync("e:13", "after three");
        await first.SendMessageAsync("e:14", "at once");
        await first.SendMessageAsync("x:7", "of a room that it enters", "kitchen");
        await first.AbortAsync();

        var second = await server.AcceptAsync();
        await second.WelcomeAsync();
        await second.SendMessageAsync("e:20", "after five");
        await second.SendLiveAsync("e:22");
        await second.SendMessageAsync("e:23", "new");
        await second.SendMessageAsync("f:80", "of a new stream");

        await page.ExpectAsync("all('message', 'data')", """["after three","at once","of a room that it enters","after five","new","of a new stream"]""");
        await page.ExpectAsync(
            "all('gap', 'room', 'after', 'next', 'missed', 'reset')",
            """[["lobby","e:9","e:13",3,false],["lobby","e:14","e:20",5,false],["lobby","e:20",null,2,false]]""");
        await page.ExpectAsync(
            "events.filter(({ type }) => type !== 'state').map(({ type }) => type).slice(0, 3)", """["live","gap","message"]""");
    }

    [Fact]
    public async Task An_announced_gap_is_reported_once()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync("e:9");

        await connection.SendAsync("""{"type":"gap","room":"lobby","after":"e:9","next":"e:20","missed":10}""");
        await connection.SendMessageAsync("e:20", "after ten");
        await connection.SendAsync("""{"type":"gap","room":"lobby","after":"e:20","missed":5}""");
        await connection.SendLiveAsync("e:25");
        await connection.SendMessageAsync("e:26", "at once");
        await connection.SendAsync("""{"type":"gap","room":"lobby","after":"e:26","next":"e:30","missed":3}""");
        await connection.SendMessageAsync("e:31", "after three that were announced, and one that was not");

        await page.ExpectAsync("all('message', 'position')", """["e:20","e:26","e:31"]""");
        await page.ExpectAsync(
            "all('gap', 'after', 'next', 'missed')",
            """[["e:9","e:20",10],["e:20",null,5],["e:26","e:30",3],["e:29","e:31",1]]""");
    }

    [Fact]
    public async Task A_skip_is_not_a_gap()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync("e:9");

        await first.SendAsync("""{"type":"skip","room":"lobby","position":"e:10"}""");
        await first.SendMessageAsync("e:11", "eleven");
        await first.SendAsync("""{"type":"skip","room":"lobby","position":"e:12"}""");
        await first.AbortAsync();

        Assert.Equal(["lobby~e:12"], (await server.AcceptAsync()).After);
        await page.ExpectAsync("all('message', 'position')", """["e:11"]""");
        await page.ExpectAsync("all('gap', 'missed')", "[]");
    }

    [Fact]
    public async Task A_stream_that_lost_its_latest_messages_starts_a_new_epoch()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync("e:999");

        await connection.SendAsync("""{"type":"gap","room":"lobby","after":"e:999","next":"e:1","reset":true}""");
        await connection.SendMessageAsync("e:1", "one");
        await connection.SendMessageAsync("e:2", "two");
        await connection.AbortAsync();

        Assert.Equal(["lobby~e:2"], (await server.AcceptAsync()).After);
        await page.ExpectAsync("all('message', 'data')", """["one","two"]""");
        await page.ExpectAsync("all('gap', 'reset')", "[true]");
    }

    [Fact]
    public async Task A_gap_is_reported_and_a_reset_restarts_the_room()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync("e:42");
        await first.SendAsync("""{"type":"gap","room":"lobby","after":"e:42","next":"e:300","missed":257}""");
        await first.AbortAsync();

        var second = await server.AcceptAsync();
        Assert.Equal(["lobby~e:42"], second.After);
        await second.WelcomeAsync();
        await second.SendAsync("""{"type":"gap","room":"lobby","after":"e:42","reset":true}""");
        await second.AbortAsync();

        var third = await server.AcceptAsync();
        Assert.Equal(["lobby~:0"], third.After);
        await third.WelcomeAsync();
        await third.SendMessageAsync("f:1", "new");

        await page.ExpectAsync("all('message', 'data')", """["new"]""");
        await page.ExpectAsync(
            "all('gap', 'room', 'after', 'next', 'missed', 'reset')",
            """[["lobby","e:42","e:300",257,false],["lobby","e:42",null,null,true]]""");
    }

    [Fact]
    public async Task No_frame_of_the_server_breaks_the_client()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync();

        foreach (var frame in new[]
        {
            "", "no JSON", "null", "7", "[]", "{}", """{"type":7}""", """{"type":"toString"}""", """{"type":"__proto__"}""",
            """{"type":"news"}""", """{"type":"message","room":"lobby","position":7}""", """{"type":"message","base64":"?"}""",
            """{"type":"ack","ref":"not-mine"}""", """{"type":"live"}""", """{"type":"live","room":"lobby"}""",
            """{"type":"presence","room":"lobby","joined":5}""", """{"type":"gap"}""",
        })
        {
            await connection.SendAsync(frame);
        }

        await connection.SendAsync(WebSocketMessageType.Binary, [1, 2, 3]);
        await connection.SendAsync("""{"type":"error","code":"malformed","text":"What was that?"}""");
        await connection.SendMessageAsync("e:2", "still here");

        await page.ExpectAsync("all('message', 'data')", """["still here"]""");
        await page.ExpectAsync("all('error', 'ref', 'code', 'text')", """[[null,"malformed","What was that?"]]""");
        await connection.AbortAsync();
        Assert.Equal(["lobby~e:2"], (await server.AcceptAsync()).After);
        Assert.Empty(page.Problems);
    }

    [Fact]
    public async Task A_listener_that_throws_is_reported_and_other_listeners_still_run()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, before: "window.received = [];");
        var connection = await server.AcceptLiveAsync();
        await page.RunAsync("chat.on('message', () => { throw new Error('oh no'); }); chat.on('message', ({ data }) => received.push(data));");

        await connection.SendMessageAsync("e:2", "two");
        await connection.SendMessageAsync("e:3", "three");

        await page.ExpectAsync("received", """["two","three"]""");
        await Patience.UntilAsync(() => page.Problems.Count == 2, "both exceptions are reported");
        Assert.All(page.Problems, problem => Assert.Contains("oh no", problem));
    }

    [Fact]
    public async Task A_subscriber_receives_no_announcements_after_unsubscribing()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, before: "window.received = [];");
        var connection = await server.AcceptLiveAsync();
        await page.RunAsync("const end = chat.on('message', ({ data }) => { received.push(data); end(); });");

        await connection.SendMessageAsync("e:2", "two");
        await connection.SendMessageAsync("e:3", "three");

        await page.ExpectAsync("all('message', 'data')", """["two","three"]""");
        await page.ExpectAsync("received", """["two"]""");
    }

    [Fact]
    public async Task The_client_reports_who_is_in_the_room()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync();

        await connection.SendAsync("""{"type":"presence","room":"lobby","here":["ann","bob"]}""");
        await connection.SendAsync("""{"type":"presence","room":"lobby","joined":["carl","bob"]}""");
        await connection.SendAsync("""{"type":"presence","room":"lobby","left":["bob"]}""");
        await connection.SendAsync("""{"type":"presence","room":"lobby","here":["dora"]}""");

        await page.ExpectAsync(
            "all('presence', 'here', 'joined', 'left')",
            """[[["ann","bob"],[],[]],[["ann","bob","carl"],["carl","bob"],[]],[["ann","carl"],[],["bob"]],[["dora"],[],[]]]""");
    }

    [Fact]
    public async Task Presence_events_contain_what_the_handler_has_set_for_the_members()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync();

        await connection.SendAsync("""{"type":"presence","room":"lobby","here":["ann","bob"],"members":{"ann":{"name":"Ann"},"bob":{"name":"Bob"}}}""");
        await connection.SendAsync("""{"type":"presence","room":"lobby","joined":["carl"],"members":{"carl":{"name":"Carl"}}}""");
        await connection.SendAsync("""{"type":"presence","room":"lobby","changed":["ann","carl"],"members":{"ann":{"name":"Anna"}}}""");
        await connection.SendAsync("""{"type":"presence","room":"lobby","left":["bob"]}""");
        await connection.SendAsync("""{"type":"presence","room":"lobby","count":5000}""");

        await page.ExpectAsync(
            "all('presence', 'here', 'members', 'changed', 'count')",
            """
            [
            [["ann","bob"],{"ann":{"name":"Ann"},"bob":{"name":"Bob"}},[],2],
            [["ann","bob","carl"],{"ann":{"name":"Ann"},"bob":{"name":"Bob"},"carl":{"name":"Carl"}},[],3],
            [["ann","bob","carl"],{"bob":{"name":"Bob"},"ann":{"name":"Anna"}},["ann","carl"],3],
            [["ann","carl"],{"ann":{"name":"Anna"}},[],2],
            [[],{},[],5000]
            ]
            """.ReplaceLineEndings(""));
    }

    [Fact]
    public async Task JSON_arrives_as_an_object()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync();

        await connection.SendAsync("""{"type":"message","room":"lobby","position":"e:2","at":"2026-11-22T18:00:00Z","json":{"kind":"vote","for":[1,null]}}""");
        await connection.SendAsync("""{"type":"message","room":"lobby","position":"e:3","at":"2026-11-22T18:00:00Z","json":null}""");

        await page.ExpectAsync("all('message', 'json', 'data')", """[[{"kind":"vote","for":[1,null]},null],[null,null]]""");
        await page.ExpectAsync("all('message', 'json').map((json) => json === null)", "[false,true]");
    }

    /// <summary>Receives the resume frames of the client. Returns their number without the last one.</summary>
    private static async Task<(int Frames, List<string> Positions)> ResumeAsync(ScriptedConnection connection, int limit = int.MaxValue)
    {
        List<string> positions = [];
        for (var frames = 0; ; frames++)
        {
            var frame = await connection.ReceiveAsync();
            Assert.Equal("resume", frame.GetProperty("type").GetString());
            Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(frame.GetRawText()), 1, limit);
            if (frame.TryGetProperty("last", out var last) && last.GetBoolean())
                return (frames, positions);
            positions.AddRange(frame.GetProperty("after").EnumerateObject().Select(static room => $"{room.Name}~{room.Value}"));
        }
    }
}

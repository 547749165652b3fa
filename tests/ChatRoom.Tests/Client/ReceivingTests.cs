using System.Net.WebSockets;

namespace ChatRoom.Tests.Client;

public class ReceivingTests(Browser browser)
{
    [Fact]
    public async Task Messages_are_told_with_all_that_the_server_says_of_them()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptAsync();
        await connection.WelcomeAsync();

        await connection.SayMessageAsync("e:1", "hi");
        await connection.SendAsync("""{"type":"message","room":"lobby","position":"e:2","at":"2026-11-22T18:00:00Z","base64":"AP+A"}""");
        await connection.SayLiveAsync("e:2");
        await connection.SendAsync("""{"type":"message","room":"lobby","at":"2026-11-22T18:00:00Z","data":"fleeting"}""");
        await connection.SendAsync("""{"type":"message","at":"2026-11-22T18:00:00Z","data":"for you"}""");

        await page.ExpectAsync(
            "all('message', 'room', 'position', 'from', 'data', 'live')",
            """[["lobby","e:1","bob","hi",false],["lobby","e:2",null,{"0":0,"1":255,"2":128},false],["lobby",null,null,"fleeting",true],[null,null,null,"for you",true]]""");
        await page.ExpectAsync("all('message', 'at')[0] instanceof Date && all('message', 'at')[0]", "\"2026-11-22T18:00:00.123Z\"");
        await page.ExpectAsync("all('message', 'data')[1] instanceof Uint8Array", "true");
        await page.ExpectAsync("all('live', 'room', 'recovered')", """[["lobby",true]]""");
        await page.ExpectAsync("all('state', 'state')", """["connecting","live"]""");
        await page.ExpectAsync("[chat.state, chat.user]", """["live","ann"]""");
    }

    [Fact]
    public async Task It_resumes_every_room_and_drops_what_it_has_seen()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptAsync();
        Assert.Empty(first.After);
        await first.WelcomeAsync();
        await first.SayMessageAsync("e:9", "nine");
        await first.SayLiveAsync("e:9");
        await first.SayLiveAsync("x:3", "a room~ü/");
        await first.BreakAsync();

        var second = await server.AcceptAsync();
        Assert.Equal(["a room~ü/~x:3", "lobby~e:9"], second.After);
        await second.WelcomeAsync();
        await second.SayMessageAsync("e:9", "nine");
        await second.SayMessageAsync("e:8", "eight");
        await second.SayMessageAsync("e:10", "ten");
        await second.SayMessageAsync("x:3", "three", "a room~ü/");
        await second.SayMessageAsync("y:1", "of a new stream");

        await page.ExpectAsync("all('message', 'data')", """["nine","ten","of a new stream"]""");
    }

    [Fact]
    public async Task It_names_no_more_rooms_than_the_server_takes()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync();
        for (var i = 0; i < 200; i++)
            await first.SayLiveAsync("e:1", $"room-{i}");
        await first.BreakAsync();

        var second = await server.AcceptAsync();

        Assert.Equal(Enumerable.Range(0, 128).Select(i => $"room-{199 - i}~e:1"), second.After);
    }

    [Fact]
    public async Task A_gap_is_told_and_a_reset_begins_the_room_anew()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync("e:42");
        await first.SendAsync("""{"type":"gap","room":"lobby","after":"e:42","next":"e:300","missed":257}""");
        await first.BreakAsync();

        var second = await server.AcceptAsync();
        Assert.Equal(["lobby~e:42"], second.After);
        await second.WelcomeAsync();
        await second.SendAsync("""{"type":"gap","room":"lobby","after":"e:42","reset":true}""");
        await second.BreakAsync();

        var third = await server.AcceptAsync();
        Assert.Equal(["lobby~:0"], third.After);
        await third.WelcomeAsync();
        await third.SayMessageAsync("f:1", "new");

        await page.ExpectAsync("all('message', 'data')", """["new"]""");
        await page.ExpectAsync(
            "all('gap', 'room', 'after', 'next', 'missed', 'reset')",
            """[["lobby","e:42","e:300",257,false],["lobby","e:42",null,null,true]]""");
    }

    [Fact]
    public async Task Nothing_that_the_server_sends_disturbs_it()
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
        await connection.SayMessageAsync("e:2", "still here");

        await page.ExpectAsync("all('message', 'data')", """["still here"]""");
        await page.ExpectAsync("all('error', 'ref', 'code', 'text')", """[[null,"malformed","What was that?"]]""");
        await connection.BreakAsync();
        Assert.Equal(["lobby~e:2"], (await server.AcceptAsync()).After);
        Assert.Empty(page.Problems);
    }

    [Fact]
    public async Task A_listener_that_throws_is_reported_and_keeps_nobody_from_hearing()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, before: "window.heard = [];");
        var connection = await server.AcceptLiveAsync();
        await page.RunAsync("chat.on('message', () => { throw new Error('oh no'); }); chat.on('message', ({ data }) => heard.push(data));");

        await connection.SayMessageAsync("e:2", "two");
        await connection.SayMessageAsync("e:3", "three");

        await page.ExpectAsync("heard", """["two","three"]""");
        await Patience.UntilAsync(() => page.Problems.Count == 2, "both are reported");
        Assert.All(page.Problems, problem => Assert.Contains("oh no", problem));
    }

    [Fact]
    public async Task Who_has_unsubscribed_hears_nothing_more()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, before: "window.heard = [];");
        var connection = await server.AcceptLiveAsync();
        await page.RunAsync("const end = chat.on('message', ({ data }) => { heard.push(data); end(); });");

        await connection.SayMessageAsync("e:2", "two");
        await connection.SayMessageAsync("e:3", "three");

        await page.ExpectAsync("all('message', 'data')", """["two","three"]""");
        await page.ExpectAsync("heard", """["two"]""");
    }

    [Fact]
    public async Task It_knows_who_is_there()
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
}

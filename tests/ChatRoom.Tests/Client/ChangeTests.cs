namespace ChatRoom.Tests.Client;

/// <summary>Messages that are edited and deleted.</summary>
public class ChangeTests(Browser browser)
{
    private const string At = "\"at\":\"2026-11-22T18:00:00Z\"";

    /// <summary>Stores the outcome of a promise in <c>outcomes</c>.</summary>
    private const string Note = """
        window.outcomes = {};
        window.note = (name, promise) => promise.then(() => { outcomes[name] = 'ack'; }, ({ code }) => { outcomes[name] = code; });
        """;

    [Fact]
    public async Task Changes_are_reported_also_of_messages_that_the_client_has_not_received()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync("e:9");

        await connection.SendAsync($$"""{"type":"change","room":"lobby","position":"e:3","revision":1,{{At}},"by":"bob","data":"better"}""");
        await connection.SendAsync($$"""{"type":"change","room":"lobby","position":"e:4","revision":2,{{At}},"base64":"AQ=="}""");
        await connection.SendAsync($$"""{"type":"change","room":"lobby","position":"e:5","revision":3,"json":{"text":"better"},{{At}}}""");
        await connection.SendAsync($$"""{"type":"change","room":"lobby","position":"e:3","revision":4,{{At}},"by":"bob","deleted":true}""");

        await page.ExpectAsync(
            "all('change', 'room', 'position', 'by', 'data', 'json', 'deleted')",
            """[["lobby","e:3","bob","better",null,false],["lobby","e:4",null,{"0":1},null,false],["lobby","e:5",null,null,{"text":"better"},false],["lobby","e:3","bob",null,null,true]]""");
        await page.ExpectAsync("all('change', 'at')[0] instanceof Date && all('change', 'at')[0]", "\"2026-11-22T18:00:00.000Z\"");
    }

    [Fact]
    public async Task Messages_state_whether_they_were_changed()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptAsync();
        await connection.WelcomeAsync();

        await connection.SendMessageAsync("e:1", "unchanged");
        await connection.SendAsync($$"""{"type":"message","room":"lobby","position":"e:2",{{At}},"data":"better","edited":"2026-11-22T18:01:00Z"}""");
        await connection.SendAsync($$"""{"type":"message","room":"lobby","position":"e:3",{{At}},"deleted":true}""");

        await page.ExpectAsync(
            "all('message', 'data', 'edited', 'deleted')",
            """[["unchanged",null,false],["better","2026-11-22T18:01:00.000Z",false],[null,null,true]]""");
        await page.ExpectAsync("all('message', 'edited')[1] instanceof Date", "true");
    }

    [Fact]
    public async Task Edits_and_deletions_are_sent_like_messages()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(Note + """
            window.team = chat.join('team');
            note('message', chat.send('hi'));
            note('edit', chat.edit('e:1', 'better'));
            note('delete', chat.delete('e:1'));
            note('team edit', team.edit('t:1', { text: 'better' }));
            note('team delete', team.delete('t:1'));
            """);
        await page.ExpectAsync(
            "chat.pending.map(({ kind, room, position, data, json }) => [kind, room, position, data, json])",
            """[["message",null,null,"hi",null],["edit",null,"e:1","better",null],["delete",null,"e:1",null,null],["edit","team","t:1",null,{"text":"better"}],["delete","team","t:1",null,null]]""");
        var connection = await server.AcceptLiveAsync();
        await connection.AcceptJoinAsync("team");

        await connection.AcknowledgeAsync((await connection.ReceiveMessageAsync()).Ref, "e:2");
        var edit = await connection.ReceiveAsync("edit");
        Assert.Equal("""{"position":"e:1","data":"better"}""", edit.Content);
        var delete = await connection.ReceiveAsync("delete");
        Assert.Equal("""{"position":"e:1"}""", delete.Content);
        var teamEdit = await connection.ReceiveAsync("edit");
        Assert.Equal("""{"room":"team","position":"t:1","json":{"text":"better"}}""", teamEdit.Content);
        var teamDelete = await connection.ReceiveAsync("delete");
        Assert.Equal("""{"room":"team","position":"t:1"}""", teamDelete.Content);
        await connection.AcknowledgeAsync(edit.Ref, "e:1");
        await connection.RefuseAsync(delete.Ref, "forbidden");
        await connection.RefuseAsync(teamEdit.Ref, "gone");
        await connection.AcknowledgeAsync(teamDelete.Ref, "t:1");

        await page.ExpectAsync("outcomes", """{"message":"ack","edit":"ack","delete":"forbidden","team edit":"gone","team delete":"ack"}""");
        await page.ExpectAsync(
            "all('error', 'kind', 'room', 'position', 'code', 'json')",
            """[["delete","lobby","e:1","forbidden",null],["edit","team","t:1","gone",{"text":"better"}]]""");
        await page.ExpectAsync("[chat.pending.length, sessionStorage.length]", "[0,0]");
    }

    [Fact]
    public async Task Edits_are_sent_again_in_order_on_a_new_connection_and_after_a_reload()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync();
        await page.RunAsync("chat.send('hi'); chat.edit('e:1', 'better'); chat.delete('e:1');");
        var sent = await ReceiveAllAsync(first);
        await first.AbortAsync();

        var second = await server.AcceptLiveAsync();
        Assert.Equal(sent, await ReceiveAllAsync(second));
        await page.ReloadAsync();

        var third = await server.AcceptLiveAsync();
        Assert.Equal(sent, await ReceiveAllAsync(third));
    }

    [Fact]
    public async Task The_client_resumes_with_the_last_revision_that_it_has()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{ times: { backoff: 5 }, after: { lobby: 'e:9/4' } }");
        await page.RunAsync("chat.join('team')");
        var first = await server.AcceptAsync();
        Assert.Equal(["lobby~e:9/4"], first.After);
        await first.WelcomeAsync();
        await first.AcceptJoinAsync("team");
        await first.SendAsync("""{"type":"live","room":"lobby","position":"e:9","revision":7,"recovered":true}""");
        await first.SendAsync("""{"type":"live","room":"team","position":"t:3","recovered":false}""");
        await first.SendAsync("""{"type":"live","room":"other","position":"o:3","recovered":false}""");
        await first.AbortAsync();

        var second = await server.AcceptAsync();
        Assert.Equal(["other~o:3", "lobby~e:9/7"], second.After);
        await second.WelcomeAsync();
        await second.AcceptJoinAsync("team", "t:3");
        await second.SendLiveAsync("t:3", "team");
        await second.SendAsync("""{"type":"live","room":"lobby","position":"e:9","revision":7,"recovered":true}""");
        await second.SendAsync($$"""{"type":"change","room":"lobby","position":"e:3","revision":8,{{At}},"data":"better"}""");
        await second.SendAsync($$"""{"type":"change","room":"team","position":"t:3","revision":1,{{At}},"data":"better"}""");
        await second.AbortAsync();

        var third = await server.AcceptAsync();
        Assert.Equal(["other~o:3", "lobby~e:9/8"], third.After.OrderDescending());
        await third.WelcomeAsync();
        await third.AcceptJoinAsync("team", "t:3/1");
        await third.SendAsync("""{"type":"gap","room":"lobby","after":"e:9","next":"f:1","reset":true}""");
        await third.SendMessageAsync("f:1", "new");
        await third.AbortAsync();

        Assert.Contains("lobby~f:1", (await server.AcceptAsync()).After);
        Assert.Empty(page.Problems);
    }

    /// <summary>The store has lost messages that no client had received. It then states all positions in a new epoch.</summary>
    [Fact]
    public async Task Positions_stay_those_that_the_page_has_received_when_the_epoch_changes_without_a_gap()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptAsync();
        await connection.WelcomeAsync();
        await connection.SendMessageAsync("e:8", "eight");
        await connection.SendMessageAsync("e:9", "nine");
        await connection.SendMessageAsync("f:10", "ten");
        await connection.SendLiveAsync("f:10");
        await connection.SendAsync("""{"type":"gap","room":"lobby","after":"f:10","next":"g:20","missed":9}""");
        await connection.SendMessageAsync("g:20", "twenty");
        foreach (var (number, revision) in new[] { (9, 1), (10, 2), (7, 3), (20, 4) })
            await connection.SendAsync($$"""{"type":"change","room":"lobby","position":"g:{{number}}","revision":{{revision}},{{At}},"data":"better"}""");
        await connection.SendAsync("""{"type":"read","room":"lobby","user":"bob","position":"g:8"}""");
        await page.ExpectAsync("all('read', 'position')", """["e:8"]""");

        await page.RunAsync("chat.older().then(({ messages }) => { window.older = messages; });");
        var (reference, content) = await connection.ReceiveAsync("history");
        await connection.SendAsync(
            $$"""{"type":"history","ref":"{{reference}}","room":"lobby","more":false,"messages":[{"position":"g:7",{{At}},"data":"better"}]}""");

        Assert.Equal("""{"before":"e:8","limit":50}""", content);
        await page.ExpectAsync("all('change', 'position')", """["e:9","f:10","e:7","g:20"]""");
        await page.ExpectAsync("window.older?.map(({ position }) => position)", """["e:7"]""");
    }

    [Fact]
    public async Task Resume_frames_contain_the_revisions()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync();
        for (var i = 0; i < 400; i++)
            await first.SendAsync($$"""{"type":"live","room":"room-{{i}}","position":"e:1","revision":5,"recovered":true}""");
        await first.AbortAsync();

        var second = await server.AcceptAsync();
        await second.WelcomeAsync();
        var frame = await second.ReceiveAsync();

        Assert.Equal("e:1/5", second.After[0]!.Split('~')[1]);
        Assert.Equal("e:1/5", frame.GetProperty("after").GetProperty("room-0").GetString());
        Assert.Equal("e:1", frame.GetProperty("after").GetProperty("lobby").GetString());
    }

    private static async Task<(string Ref, string Content)[]> ReceiveAllAsync(ScriptedConnection connection) =>
        [await connection.ReceiveAsync("message"), await connection.ReceiveAsync("edit"), await connection.ReceiveAsync("delete")];
}

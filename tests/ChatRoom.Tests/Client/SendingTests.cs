namespace ChatRoom.Tests.Client;

public class SendingTests(Browser browser)
{
    [Fact]
    public async Task A_message_is_pending_until_the_server_acknowledges_it()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.SendAsync("typed before there is a connection");
        var connection = await server.AcceptLiveAsync();
        await page.RunAsync("chat.send(new Uint8Array([0, 255]))");

        var text = await connection.ReceiveMessageAsync();
        var bytes = await connection.ReceiveAsync();
        Assert.Equal("typed before there is a connection", text.Data);
        Assert.Equal("AP8=", bytes.GetProperty("base64").GetString());
        await page.ExpectAsync("chat.pending.map(({ data }) => data)", """["typed before there is a connection",{"0":0,"1":255}]""");
        await page.ExpectAsync("chat.pending.map(({ ref }) => ref)", $"""["{text.Ref}","{bytes.GetProperty("ref")}"]""");
        await connection.AcknowledgeAsync(text.Ref, "e:5");
        await connection.SendAsync($$"""{"type":"ack","ref":"{{bytes.GetProperty("ref")}}"}""");

        await page.ExpectAsync("chat.pending", "[]");
        await page.ExpectAsync("outcomes", """{"typed before there is a connection":"e:5"}""");
        await page.ExpectAsync("all('ack', 'ref', 'room', 'position')", $"""[["{text.Ref}","lobby","e:5"],["{bytes.GetProperty("ref")}",null,null]]""");
        await page.ExpectAsync("sessionStorage.length", "0");
    }

    [Theory]
    [InlineData("malformed")]
    [InlineData("failed")]
    [InlineData("a code of later days")]
    public async Task A_refused_message_is_reported_and_never_sent_again(string code)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync();
        await page.SendAsync("bad");
        var bad = await connection.ReceiveMessageAsync();

        await connection.RefuseAsync(bad.Ref, code);

        await page.ExpectAsync("outcomes", $$"""{"bad":"{{code}}"}""");
        await page.ExpectAsync("all('error', 'ref', 'code', 'text', 'data')", $"""[["{bad.Ref}","{code}","It is {code}.","bad"]]""");
        await connection.CloseAsync(1011);
        connection = await server.AcceptLiveAsync();
        await connection.HasSentNothingAsync();
        Assert.Empty(page.Problems);
    }

    [Fact]
    public async Task Unacknowledged_messages_are_sent_again_in_order_on_a_new_connection()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync();
        foreach (var text in new[] { "a", "b", "c" })
            await page.SendAsync(text);
        var sent = new[] { await first.ReceiveMessageAsync(), await first.ReceiveMessageAsync(), await first.ReceiveMessageAsync() };
        await first.AcknowledgeAsync(sent[1].Ref, "e:2");
        await page.ExpectAsync("chat.pending.length", "2");
        await first.AbortAsync();
        var second = await server.AcceptAsync();
        await page.SendAsync("d");
        await second.WelcomeAsync();

        Assert.Equal(sent[0], await second.ReceiveMessageAsync());
        Assert.Equal(sent[2], await second.ReceiveMessageAsync());
        Assert.Equal("d", (await second.ReceiveMessageAsync()).Data);
        await second.HasSentNothingAsync();
    }

    [Fact]
    public async Task Messages_are_held_back_while_the_store_is_unavailable_and_then_sent_in_order()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{ times: { backoff: 400 } }", "Math.random = () => 0.5");
        var connection = await server.AcceptLiveAsync();
        await page.SendAsync("a");
        await page.SendAsync("b");
        var a = await connection.ReceiveMessageAsync();
        var b = await connection.ReceiveMessageAsync();
        await connection.RefuseAsync(a.Ref, "unavailable");
        await connection.RefuseAsync(b.Ref, "unavailable");
        await page.ExpectAsync("all('error', 'ref', 'code')", $"""[["{a.Ref}","unavailable"]]""");
        await page.SendAsync("c");
        await connection.HasSentNothingAsync();

        Assert.Equal(a, await connection.ReceiveMessageAsync());
        Assert.Equal(b, await connection.ReceiveMessageAsync());
        var c = await connection.ReceiveMessageAsync();
        Assert.Equal("c", c.Data);
        foreach (var (reference, position) in new[] { (a.Ref, "e:2"), (b.Ref, "e:3"), (c.Ref, "e:4") })
            await connection.AcknowledgeAsync(reference, position);

        await page.ExpectAsync("outcomes", """{"a":"e:2","b":"e:3","c":"e:4"}""");
        await page.SendAsync("d");
        Assert.Equal("d", (await connection.ReceiveMessageAsync()).Data);
    }

    [Fact]
    public async Task Rate_limited_messages_are_sent_again_in_order_and_do_not_become_too_old()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync();
        await page.SendAsync("a");
        await page.SendAsync("b");
        var a = await connection.ReceiveMessageAsync();
        var b = await connection.ReceiveMessageAsync();
        await connection.AcknowledgeAsync(a.Ref, "e:1");
        await connection.RefuseAsync(b.Ref, "rate_limited");
        await page.ExpectAsync("all('error', 'ref', 'code', 'data')", $"""[["{b.Ref}","rate_limited",null]]""");
        await page.SendAsync("c");
        await connection.HasSentNothingAsync();
        await page.RunAsync("const now = Date.now; Date.now = () => now() + 4.5 * 60_000");

        // More often than the limit of refusals.
        for (var i = 0; i < 4; i++)
        {
            await connection.CloseAsync(1008, "too many messages");
            connection = await server.AcceptAsync();
            await connection.WelcomeAsync();
            Assert.Equal(b, await connection.ReceiveMessageAsync());
            Assert.Equal("c", (await connection.ReceiveMessageAsync()).Data);
            await connection.RefuseAsync(b.Ref, "rate_limited");
        }

        await page.ExpectAsync("outcomes", """{"a":"e:1"}""");
        await page.ExpectAsync("chat.pending.map(({ data }) => data)", """["b","c"]""");
    }

    [Fact]
    public async Task A_message_that_is_too_old_is_not_sent_again()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync();
        await page.SendAsync("old");
        var old = await first.ReceiveMessageAsync();
        await page.RunAsync("const now = Date.now; Date.now = () => now() + 4.5 * 60_000");
        await page.SendAsync("new");
        await first.ReceiveMessageAsync();
        await first.AbortAsync();

        var second = await server.AcceptLiveAsync();

        Assert.Equal("new", (await second.ReceiveMessageAsync()).Data);
        await page.ExpectAsync("outcomes", """{"old":"unknown"}""");
        await page.ExpectAsync("all('error', 'ref', 'code')", $"""[["{old.Ref}","unknown"]]""");
    }

    [Fact]
    public async Task The_client_reconnects_if_the_server_waits_for_a_message_that_is_too_old()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync();
        await page.SendAsync("old");
        var old = await first.ReceiveMessageAsync();
        await page.RunAsync("const now = Date.now; Date.now = () => now() + 4.5 * 60_000");
        await page.SendAsync("new");
        await first.ReceiveMessageAsync();

        await first.RefuseAsync(old.Ref, "unavailable");

        var second = await server.AcceptLiveAsync();
        Assert.Equal("new", (await second.ReceiveMessageAsync()).Data);
        await page.ExpectAsync("outcomes", """{"old":"unknown"}""");
    }

    [Fact]
    public async Task The_client_reconnects_if_the_server_waits_for_a_message_that_it_already_has()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync();
        await page.SendAsync("twice");
        var twice = await first.ReceiveMessageAsync();
        await first.AcknowledgeAsync(twice.Ref, "e:2");
        await page.ExpectAsync("chat.pending", "[]");

        await first.RefuseAsync(twice.Ref, "unavailable");

        await server.AcceptLiveAsync();
        await page.ExpectAsync("chat.state", "\"live\"");
    }

    [Fact]
    public async Task A_message_larger_than_the_limit_is_not_sent()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.SendAsync(new string('ü', 90));
        var connection = await server.AcceptAsync();
        await connection.WelcomeAsync(limit: 200);
        await page.ExpectAsync("Object.values(outcomes)", """["too-big"]""");

        await page.RunAsync("outcomes = {}");
        await page.SendAsync(new string('x', 200));
        await page.SendAsync("small");

        Assert.Equal("small", (await connection.ReceiveMessageAsync()).Data);
        await page.ExpectAsync("Object.values(outcomes)", """["too-big"]""");
        await page.ExpectAsync("chat.pending.map(({ data }) => data)", """["small"]""");
    }

    [Fact]
    public async Task A_frame_exactly_as_large_as_the_limit_is_sent()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptAsync();
        await connection.WelcomeAsync(limit: 200);
        await page.ExpectAsync("chat.user", "\"ann\"");
        await page.SendAsync("x");
        var around = (await connection.ReceiveAsync()).GetRawText().Length - 1;

        await page.SendAsync(new string('x', 200 - around));
        await page.SendAsync(new string('y', 201 - around));

        Assert.Equal(200, (await connection.ReceiveAsync()).GetRawText().Length);
        await page.ExpectAsync("Object.values(outcomes)", """["too-big"]""");
    }

    [Fact]
    public async Task Pending_messages_are_sent_again_after_a_reload()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync();
        await page.SendAsync("sent");
        var sent = await first.ReceiveMessageAsync();
        await first.AbortAsync();
        var second = await server.AcceptAsync();
        await page.SendAsync("not sent");

        await page.ReloadAsync();

        await page.ExpectAsync("chat.pending.map(({ data }) => data)", """["sent","not sent"]""");
        var third = await server.AcceptAsync();
        await page.SendAsync("of the new page");
        await third.WelcomeAsync();
        Assert.Equal(sent, await third.ReceiveMessageAsync());
        var unsent = await third.ReceiveMessageAsync();
        Assert.Equal("not sent", unsent.Data);
        var last = await third.ReceiveMessageAsync();
        Assert.Equal("of the new page", last.Data);
        Assert.Equal(3, new HashSet<string> { sent.Ref, unsent.Ref, last.Ref }.Count);
        await third.AcknowledgeAsync(sent.Ref, "e:2");
        await third.RefuseAsync(unsent.Ref, "failed");
        await page.ExpectAsync("all('ack', 'ref')", $"""["{sent.Ref}"]""");
        await page.ExpectAsync("all('error', 'ref', 'code')", $"""[["{unsent.Ref}","failed"]]""");
        await page.ExpectAsync("chat.pending.map(({ ref }) => ref)", $"""["{last.Ref}"]""");
    }

    [Fact]
    public async Task Messages_of_one_user_are_not_sent_as_another()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync();
        await page.ExpectAsync("chat.state", "\"live\"");
        await page.SendAsync("sent by ann");
        await first.ReceiveMessageAsync();
        await first.AbortAsync();
        await server.AcceptAsync();
        await page.SendAsync("typed by ann");

        await page.ReloadAsync();
        var second = await server.AcceptAsync();
        await second.WelcomeAsync(user: "bob");
        await page.ExpectAsync("all('error', 'code')", """["unknown","closed"]""");
        await page.SendAsync("sent by bob");

        Assert.Equal("sent by bob", (await second.ReceiveMessageAsync()).Data);
    }

    [Fact]
    public async Task Messages_typed_before_the_first_welcome_are_not_sent_as_another_user_after_a_reload()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await server.AcceptAsync();
        await page.SendAsync("typed by somebody");

        await page.ReloadAsync();
        await page.ExpectAsync("chat.pending.map(({ data }) => data)", """["typed by somebody"]""");
        var second = await server.AcceptAsync();
        await second.WelcomeAsync(user: "bob");
        await page.SendAsync("typed by bob");

        Assert.Equal("typed by bob", (await second.ReceiveMessageAsync()).Data);
        await page.ExpectAsync("all('error', 'code', 'data')", """[["closed","typed by somebody"]]""");
    }

    [Fact]
    public async Task A_message_is_sent_only_as_the_user_of_the_page_that_it_was_typed_in()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.SendAsync("typed in this page");
        var first = await server.AcceptAsync();
        await first.WelcomeAsync(user: "ann");
        Assert.Equal("typed in this page", (await first.ReceiveMessageAsync()).Data);
        await first.AcknowledgeAsync((await SendAndReceiveAsync(page, first, "again")).Ref, "e:2");
        await page.RunAsync("chat.close()");

        await page.ReloadAsync();
        await server.AcceptAsync();
        await page.SendAsync("typed by nobody known");
        await page.ReloadAsync();
        var third = await server.AcceptAsync();
        await third.WelcomeAsync(user: null);

        Assert.Equal("typed by nobody known", (await third.ReceiveMessageAsync()).Data);
    }

    [Fact]
    public async Task Anonymous_messages_are_not_sent_as_a_user()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptAsync();
        await first.WelcomeAsync(user: null);
        await first.AbortAsync();
        await server.AcceptAsync();
        await page.SendAsync("typed by nobody");

        await page.ReloadAsync();
        var second = await server.AcceptAsync();
        await second.WelcomeAsync(user: "bob");

        await page.ExpectAsync("all('error', 'code', 'data')", """[["closed","typed by nobody"]]""");
        await second.HasSentNothingAsync();
    }

    [Theory]
    [InlineData("Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('blocked'); } })")]
    [InlineData("Storage.prototype.setItem = () => { throw new Error('full'); }")]
    [InlineData("sessionStorage.setItem(`chatkit:${location.href.replace('http', 'ws')}chat/lobby?name=Ann`, '[7]')")]
    public async Task The_client_works_when_storage_fails(string before)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, before: before);
        var connection = await server.AcceptLiveAsync();

        await page.SendAsync("hi");
        await connection.AcknowledgeAsync((await connection.ReceiveMessageAsync()).Ref, "e:2");

        await page.ExpectAsync("outcomes", """{"hi":"e:2"}""");
        Assert.Empty(page.Problems);
    }

    [Fact]
    public async Task Half_a_character_does_not_make_the_message_unreadable()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync();

        await page.RunAsync("chat.send('a\\ud83d')");

        Assert.Equal("a\ufffd", (await connection.ReceiveMessageAsync()).Data);
    }

    [Fact]
    public async Task Objects_and_arrays_are_sent_as_JSON_as_they_were_at_that_time()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync("const vote = { for: 'a\\ud83d', at: new Date(0) }; chat.send(vote); vote.for = 'b'; chat.send([1, null]);");
        var connection = await server.AcceptLiveAsync();

        Assert.Equal("{\"json\":{\"for\":\"a\ufffd\",\"at\":\"1970-01-01T00:00:00.000Z\"}}", (await connection.ReceiveAsync("message")).Content);
        Assert.Equal("""{"json":[1,null]}""", (await connection.ReceiveAsync("message")).Content);
        await page.ExpectAsync("chat.pending.map(({ json }) => json)", "[{\"for\":\"a\ufffd\",\"at\":\"1970-01-01T00:00:00.000Z\"},[1,null]]");
    }

    [Fact]
    public async Task Data_that_cannot_be_sent_is_refused_at_once()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, before: "window.problems = [];");

        await page.RunAsync("for (const data of [5, null, undefined, new Blob(), new ArrayBuffer(1), new Map()]) chat.send(data).catch(({ name }) => problems.push(name));");

        await page.ExpectAsync("problems.join()", "\"TypeError,TypeError,TypeError,TypeError,TypeError,TypeError\"");
        await page.ExpectAsync("chat.pending", "[]");
    }

    [Fact]
    public async Task Closing_fails_the_pending_messages_and_is_final()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync();
        await page.SendAsync("sent");
        await connection.ReceiveMessageAsync();
        await connection.AbortAsync();
        await server.AcceptAsync();
        await page.SendAsync("not sent");

        await page.RunAsync("chat.close(); chat.close(); chat.reconnect();");
        await page.SendAsync("too late");

        await page.ExpectAsync("outcomes", """{"sent":"unknown","not sent":"closed","too late":"closed"}""");
        await page.ExpectAsync("[chat.state, chat.pending.length, sessionStorage.length]", """["closed",0,0]""");
        await page.ExpectAsync("all('state', 'state').filter((state) => state === 'closed').length", "1");
        Assert.Equal(2, server.Handshakes);
    }

    private static async Task<(string Ref, string? Data)> SendAndReceiveAsync(ClientPage page, ScriptedConnection connection, string text)
    {
        await page.SendAsync(text);
        return await connection.ReceiveMessageAsync();
    }
}

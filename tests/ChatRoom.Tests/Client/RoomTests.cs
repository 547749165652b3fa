namespace ChatRoom.Tests.Client;

/// <summary>Pages that join several rooms on one connection.</summary>
public class RoomTests(Browser browser)
{
    /// <summary>Joins a room as <c>team</c>, and stores its events in <c>heard</c>.</summary>
    private const string JoinTeam = """
        window.team = chat.join('team');
        window.heard = [];
        for (const type of ['message', 'gap', 'live', 'presence', 'ack', 'error', 'change', 'signal', 'read', 'left']) {
          team.on(type, (event) => heard.push({ type, ...event }));
        }
        window.heardOf = (type, name) => heard.filter((event) => event.type === type).map((event) => event[name]);
        """;

    [Fact]
    public async Task A_room_receives_its_events_and_the_chat_receives_all()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(JoinTeam);
        var connection = await server.AcceptLiveAsync();
        await connection.AcceptJoinAsync("team");
        await connection.SendMessageAsync("t:1", "old", "team");
        await connection.SendLiveAsync("t:1", "team");
        await connection.SendMessageAsync("t:2", "new", "team");
        await connection.SendMessageAsync("e:2", "in the lobby");
        await connection.SendAsync("""{"type":"presence","room":"team","here":["ann"]}""");

        await page.ExpectAsync("all('message', 'room', 'data', 'live')", """[["team","old",false],["team","new",true],["lobby","in the lobby",true]]""");
        await page.ExpectAsync("heardOf('message', 'data')", """["old","new"]""");
        await page.ExpectAsync("heardOf('live', 'room')", """["team"]""");
        await page.ExpectAsync("heardOf('presence', 'here')", """[["ann"]]""");
        await page.ExpectAsync("[team.name, chat.join('team') === team, chat.join('other') === team]", """["team",true,false]""");
        Assert.Empty(page.Problems);
    }

    [Fact]
    public async Task Messages_of_all_rooms_are_sent_in_order_and_state_their_room()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(JoinTeam + "window.acks = []; chat.send('a'); team.send('b').then((ack) => acks.push(ack)); chat.send('c'); team.send(new Uint8Array([1]));");
        await page.ExpectAsync("chat.pending.map(({ room, kind }) => [room, kind])", """[[null,"message"],["team","message"],[null,"message"],["team","message"]]""");
        await page.ExpectAsync("team.pending.map(({ data }) => data)", """["b",{"0":1}]""");
        var connection = await server.AcceptLiveAsync();

        await connection.AcceptJoinAsync("team");
        Assert.Equal("""{"data":"a"}""", (await connection.ReceiveAsync("message")).Content);
        var (reference, content) = await connection.ReceiveAsync("message");
        Assert.Equal("""{"room":"team","data":"b"}""", content);
        Assert.Equal("""{"data":"c"}""", (await connection.ReceiveAsync("message")).Content);
        Assert.Equal("""{"room":"team","base64":"AQ=="}""", (await connection.ReceiveAsync("message")).Content);
        await connection.SendAsync($$"""{"type":"ack","ref":"{{reference}}","room":"team","position":"t:7"}""");

        await page.ExpectAsync("acks", $$"""[{"ref":"{{reference}}","room":"team","position":"t:7"}]""");
        await page.ExpectAsync("heardOf('ack', 'position')", """["t:7"]""");
        await page.ExpectAsync("chat.pending.map(({ room, data }) => [room, data])", """[["lobby","a"],["lobby","c"],["team",{"0":1}]]""");
    }

    [Fact]
    public async Task A_new_connection_joins_the_rooms_again_where_they_ended()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{ times: { backoff: 5 }, after: { team: 't:3' } }");
        await page.RunAsync(JoinTeam);
        var first = await server.AcceptLiveAsync();
        await first.AcceptJoinAsync("team", "t:3");
        await first.SendMessageAsync("t:3", "shown already", "team");
        await first.SendMessageAsync("t:4", "four", "team");
        await first.SendLiveAsync("t:4", "team");
        await page.ExpectAsync("heardOf('live', 'room')", """["team"]""");
        await first.AbortAsync();

        var second = await server.AcceptLiveAsync();
        Assert.Equal(["lobby~e:1"], second.After);
        await page.RunAsync("team.send('typed early')");
        await second.AcceptJoinAsync("team", "t:4");
        Assert.Equal("""{"room":"team","data":"typed early"}""", (await second.ReceiveAsync("message")).Content);
        await second.SendMessageAsync("t:6", "six", "team");
        await second.AbortAsync();

        await (await server.AcceptLiveAsync()).AcceptJoinAsync("team", "t:6");
        await page.ExpectAsync("heardOf('message', 'data')", """["four","six"]""");
        await page.ExpectAsync("heardOf('gap', 'missed')", "[1]");
    }

    /// <summary>The server lets the client into such a room before it reads the join, so it needs the position in the handshake.</summary>
    [Fact]
    public async Task The_handshake_has_the_positions_of_rooms_that_the_server_joins_by_itself()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(JoinTeam + "window.lobby = chat.join('lobby'); lobby.on('message', ({ data }) => heard.push({ type: 'lobby', data }));");
        var first = await server.AcceptAsync();
        await first.WelcomeAsync();
        await first.SendMessageAsync("e:1", "in the lobby");
        await first.SendLiveAsync("e:1");
        await first.SendLiveAsync("t:5", "team");
        await page.ExpectAsync("heardOf('live', 'room')", """["team"]""");
        await first.AcceptJoinAsync("team");
        await first.HasSentNothingAsync();
        await first.AbortAsync();

        var second = await server.AcceptAsync();
        Assert.Equal(["team~t:5", "lobby~e:1"], second.After);
        await second.WelcomeAsync();
        await second.AcceptJoinAsync("team", "t:5");
        await page.RunAsync("lobby.send('hi')");
        Assert.Equal("""{"room":"lobby","data":"hi"}""", (await second.ReceiveAsync("message")).Content);
        await page.ExpectAsync("heardOf('lobby', 'data')", """["in the lobby"]""");
    }

    [Fact]
    public async Task Nothing_of_a_room_is_reported_after_leaving()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(JoinTeam);
        var connection = await server.AcceptLiveAsync();
        await connection.AcceptJoinAsync("team");
        await connection.SendLiveAsync("t:5", "team");
        await page.ExpectAsync("heardOf('live', 'room')", """["team"]""");

        await page.RunAsync("window.left = team; team.leave(); team.leave();");
        var (reference, content) = await connection.ReceiveAsync("leave");
        Assert.Equal("""{"room":"team"}""", content);
        await page.RunAsync(JoinTeam);
        await connection.SendMessageAsync("t:6", "sent before the answer", "team");
        await connection.SendAsync($$"""{"type":"ack","ref":"{{reference}}","room":"team"}""");
        await connection.AcceptJoinAsync("team");
        await connection.SendMessageAsync("t:6", "sent again", "team");
        await connection.SendLiveAsync("t:6", "team");

        await page.ExpectAsync("heardOf('message', 'data')", """["sent again"]""");
        await page.ExpectAsync("all('message', 'data')", """["sent again"]""");
        await page.RunAsync("left.leave(); left.send('too late').catch(({ code }) => { window.code = code; });");
        await page.ExpectAsync("window.code", "\"not_joined\"");
        await page.RunAsync("team.leave()");
        await connection.ReceiveAsync("leave");
        await connection.AbortAsync();
        var second = await server.AcceptLiveAsync();
        Assert.Equal(["lobby~e:1"], second.After);
        await second.HasSentNothingAsync();
    }

    [Fact]
    public async Task A_listener_that_leaves_receives_nothing_more_of_the_same_frame()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(JoinTeam + "chat.on('gap', () => team.leave())");
        var connection = await server.AcceptLiveAsync();
        await connection.AcceptJoinAsync("team");
        await connection.SendLiveAsync("t:5", "team");

        await connection.SendMessageAsync("t:9", "after a gap", "team");

        await connection.ReceiveAsync("leave");
        await page.ExpectAsync("all('gap', 'missed')", "[3]");
        await page.ExpectAsync("[...all('message', 'data'), ...heardOf('gap', 'missed')]", "[]");
    }

    [Theory]
    [InlineData("forbidden")]
    [InlineData("too_many_rooms")]
    [InlineData("unsupported")]
    public async Task A_refused_join_ends_the_membership(string code)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(JoinTeam + "window.codes = []; for (const text of ['a', 'b']) team.send(text).catch(({ code }) => codes.push(code));");
        var connection = await server.AcceptLiveAsync();
        var (reference, _) = await connection.ReceiveAsync("join");
        var a = await connection.ReceiveMessageAsync();
        var b = await connection.ReceiveMessageAsync();

        await connection.RefuseAsync(reference, code);
        await connection.RefuseAsync(a.Ref, "not_joined");
        await connection.RefuseAsync(b.Ref, "not_joined");

        await page.ExpectAsync("codes", """["not_joined","not_joined"]""");
        await page.ExpectAsync("all('error', 'room', 'code').slice(0, 2)", $"""[["team","{code}"],["team","not_joined"]]""");
        await page.ExpectAsync("heardOf('error', 'code')", $"""["{code}"]""");
        await page.RunAsync("team.send('c').catch(({ code }) => codes.push(code))");
        await page.ExpectAsync("codes.length", "3");
        await connection.HasSentNothingAsync();
        await connection.AbortAsync();
        var second = await server.AcceptLiveAsync();
        await second.HasSentNothingAsync();
        await page.RunAsync("chat.join('team')");
        await second.AcceptJoinAsync("team");
    }

    [Fact]
    public async Task A_room_that_the_server_has_joined_goes_on_for_the_chat_after_a_refused_join()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(JoinTeam);
        var connection = await server.AcceptLiveAsync();
        await connection.SendLiveAsync("t:5", "team");
        await connection.RefuseAsync((await connection.ReceiveAsync("join")).Ref, "forbidden");
        await connection.SendMessageAsync("t:7", "seven", "team");

        await page.ExpectAsync("all('message', 'data', 'live')", """[["seven",true]]""");
        await page.ExpectAsync("all('gap', 'missed')", "[1]");
        await page.ExpectAsync("heardOf('message', 'data')", "[]");
    }

    [Fact]
    public async Task A_client_that_the_server_takes_out_of_a_room_does_not_join_it_again()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(JoinTeam);
        var first = await server.AcceptLiveAsync();
        await first.AcceptJoinAsync("team");
        await first.SendLiveAsync("t:5", "team");

        await first.SendAsync("""{"type":"left","room":"team","reason":"The team was closed."}""");

        await page.ExpectAsync("all('left', 'room', 'reason')", """[["team","The team was closed."]]""");
        await page.ExpectAsync("heardOf('left', 'reason')", """["The team was closed."]""");
        await page.RunAsync("team.send('hi').catch(({ code }) => { window.code = code; });");
        await page.ExpectAsync("window.code", "\"not_joined\"");
        await first.AbortAsync();
        var second = await server.AcceptLiveAsync();
        Assert.Equal(["lobby~e:1"], second.After);
        await second.HasSentNothingAsync();
        await page.RunAsync(JoinTeam);
        await second.AcceptJoinAsync("team");
    }

    [Fact]
    public async Task A_join_is_repeated_while_the_store_is_unavailable()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(JoinTeam);
        var connection = await server.AcceptLiveAsync();

        await connection.RefuseAsync((await connection.ReceiveAsync("join")).Ref, "unavailable");

        await connection.AcceptJoinAsync("team");
        await page.ExpectAsync("heardOf('error', 'code')", """["unavailable"]""");
    }

    [Fact]
    public async Task A_stored_message_waits_until_the_page_has_joined_its_room_again()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await server.AcceptAsync();
        await page.RunAsync(JoinTeam + "team.send('to the team')");
        await page.SendAsync("to the lobby");
        await page.ExpectAsync("sessionStorage.length", "3");

        await page.ReloadAsync();

        var second = await server.AcceptAsync();
        await second.WelcomeAsync(user: null);
        Assert.Equal("""{"data":"to the lobby"}""", (await second.ReceiveAsync("message")).Content);
        await second.HasSentNothingAsync();
        await page.ExpectAsync("chat.pending.map(({ room, data }) => [room, data])", """[["team","to the team"],["lobby","to the lobby"]]""");
        await page.RunAsync(JoinTeam);
        await second.AcceptJoinAsync("team");
        Assert.Equal("""{"room":"team","data":"to the team"}""", (await second.ReceiveAsync("message")).Content);
    }

    [Fact]
    public async Task Messages_to_a_room_that_the_page_leaves_have_an_outcome()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(JoinTeam + """
            window.codes = {};
            window.say = (text) => team.send(text).then(() => { codes[text] = 'ack'; }, ({ code }) => { codes[text] = code; });
            """);
        var first = await server.AcceptLiveAsync();
        await first.AcceptJoinAsync("team");
        await page.RunAsync("say('answered')");
        var answered = await first.ReceiveMessageAsync();
        await page.RunAsync("say('sent'); team.leave();");
        await first.ReceiveMessageAsync();
        await first.ReceiveAsync("leave");
        await first.SendAsync($$"""{"type":"ack","ref":"{{answered.Ref}}","room":"team","position":"t:1"}""");
        await page.ExpectAsync("codes", """{"answered":"ack"}""");
        await first.AbortAsync();

        var second = await server.AcceptLiveAsync();
        await page.ExpectAsync("codes", """{"answered":"ack","sent":"unknown"}""");
        await page.RunAsync("window.team = chat.join('team')");
        await second.AcceptJoinAsync("team");
        await second.AbortAsync();
        await server.AcceptAsync();
        await page.RunAsync("say('not sent'); team.leave();");
        await page.ExpectAsync("codes", """{"answered":"ack","sent":"unknown","not sent":"closed"}""");
        await page.ExpectAsync("chat.pending.length", "0");
    }

    [Fact]
    public async Task The_client_reconnects_if_the_server_waits_for_a_message_to_a_room_that_was_left()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(JoinTeam + "window.codes = []; team.send('a').catch(({ code }) => codes.push(code)); chat.send('b');");
        var first = await server.AcceptLiveAsync();
        await first.AcceptJoinAsync("team");
        var a = await first.ReceiveMessageAsync();
        await first.ReceiveMessageAsync();
        await page.RunAsync("chat.on('error', () => team.leave())");

        await first.RefuseAsync(a.Ref, "unavailable");

        var second = await server.AcceptLiveAsync();
        Assert.Equal("b", (await second.ReceiveMessageAsync()).Data);
        await page.ExpectAsync("codes", """["unknown"]""");
    }

    /// <summary>The server counts joins, so a client in many rooms would never get into all of them at its full speed.</summary>
    [Fact]
    public async Task A_client_that_joins_too_many_rooms_at_once_joins_them_more_slowly_on_the_next_connection()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync("for (let i = 0; i < 20; i++) chat.join(`room-${i}`); chat.join('room-9').send('urgent');");
        var first = await server.AcceptAsync();
        await first.WelcomeAsync();
        await first.AcceptJoinAsync("room-9");
        Assert.Equal("urgent", (await first.ReceiveMessageAsync()).Data);
        for (var i = 0; i < 8; i++)
            await first.AcceptJoinAsync($"room-{i}");
        var (refused, _) = await first.ReceiveAsync("join");
        await first.SendAsync($$"""{"type":"error","ref":"{{refused}}","code":"rate_limited","text":"Too many.","retry":0.1}""");
        await first.CloseAsync(1008);

        var second = await server.AcceptAsync();
        var started = TimeProvider.System.GetTimestamp();
        await second.WelcomeAsync();
        await second.AcceptJoinAsync("room-9");
        Assert.Equal("urgent", (await second.ReceiveMessageAsync()).Data);
        for (var i = 0; i < 19; i++)
            await second.ReceiveAsync("join");
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds, 250, double.MaxValue);
        await second.HasSentNothingAsync();
    }
}

namespace ChatRoom.Tests.Client;

/// <summary>How far users have read.</summary>
public class ReadTests(Browser browser)
{
    [Fact]
    public async Task The_client_reports_what_the_user_and_others_have_read()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync("window.heard = []; chat.join('lobby').on('read', ({ user }) => heard.push(user));");
        var connection = await server.AcceptAsync();
        await connection.WelcomeAsync();

        await connection.SendAsync("""{"type":"live","room":"lobby","position":"e:9","recovered":false,"read":"e:7","unread":2}""");
        await connection.SendAsync("""{"type":"read","room":"lobby","user":"bob","position":"e:8"}""");

        await page.ExpectAsync("all('live', 'read', 'unread')", """[["e:7",2]]""");
        await page.ExpectAsync("all('read', 'room', 'user', 'position')", """[["lobby","bob","e:8"]]""");
        await page.ExpectAsync("heard", """["bob"]""");
    }

    [Fact]
    public async Task The_latest_position_is_sent_at_most_once_a_second_for_each_room()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync("window.team = chat.join('team');");
        var connection = await server.AcceptLiveAsync("e:9");
        await connection.AcceptJoinAsync("team");
        await connection.SendLiveAsync("t:9", "team");
        await page.ExpectAsync("all('live', 'room').length", "2");
        var started = TimeProvider.System.GetTimestamp();

        await page.RunAsync("for (let i = 1; i <= 9; i++) { chat.read(`e:${i}`); team.read(`t:${i}`); } chat.read('e:5');");

        Assert.Equal(("", """{"position":"e:1"}"""), await connection.ReceiveAsync("read"));
        Assert.Equal(("", """{"room":"team","position":"t:1"}"""), await connection.ReceiveAsync("read"));
        await connection.HasSentNothingAsync();
        Assert.Equal("""{"position":"e:9"}""", (await connection.ReceiveAsync("read")).Content);
        Assert.Equal("""{"room":"team","position":"t:9"}""", (await connection.ReceiveAsync("read")).Content);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0.99, double.MaxValue);
        await page.RunAsync("chat.read('e:9'); chat.read('e:3');");
        await connection.HasSentNothingAsync();
    }

    [Fact]
    public async Task The_last_position_is_sent_on_a_new_connection_unless_the_server_has_it()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync("window.team = chat.join('team'); chat.read('e:2');");
        var first = await server.AcceptLiveAsync("e:9");
        await first.AcceptJoinAsync("team");
        Assert.Equal("""{"position":"e:2"}""", (await first.ReceiveAsync("read")).Content);
        await page.RunAsync("chat.read('e:3');");
        await first.AbortAsync();
        var second = await server.AcceptAsync();
        await page.RunAsync("chat.read('e:4'); team.read('t:2');");
        await second.WelcomeAsync();
        await second.AcceptJoinAsync("team");
        await second.HasSentNothingAsync();

        await second.SendAsync("""{"type":"live","room":"lobby","position":"e:9","recovered":true,"read":"e:2","unread":7}""");
        Assert.Equal("""{"position":"e:4"}""", (await second.ReceiveAsync("read")).Content);
        await second.SendAsync("""{"type":"live","room":"team","position":"t:9","recovered":true,"read":"t:5","unread":4}""");
        await second.HasSentNothingAsync();
        await second.AbortAsync();
        var third = await server.AcceptAsync();
        await third.WelcomeAsync();
        await third.SendAsync("""{"type":"live","room":"lobby","position":"e:9","recovered":true,"read":"e:4","unread":5}""");
        await third.AcceptJoinAsync("team", "t:9");
        await third.HasSentNothingAsync();
    }

    [Theory]
    [InlineData("chat.close()")]
    [InlineData("location.reload()")]
    public async Task The_last_position_is_sent_before_the_page_ends(string script)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{ times: { read: 60_000 } }");
        var connection = await server.AcceptLiveAsync("e:9");
        await page.ExpectAsync("chat.state", "\"live\"");

        await page.RunAsync($"chat.read('e:1'); chat.read('e:2'); {script};");

        Assert.Equal("""{"position":"e:1"}""", (await connection.ReceiveAsync("read")).Content);
        Assert.Equal("""{"position":"e:2"}""", (await connection.ReceiveAsync("read")).Content);
    }

    [Fact]
    public async Task The_last_position_is_sent_before_the_page_leaves_the_room()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, "{ times: { read: 60_000 } }");
        await page.RunAsync("window.team = chat.join('team');");
        var connection = await server.AcceptLiveAsync();
        await connection.AcceptJoinAsync("team");
        await connection.SendLiveAsync("t:9", "team");
        await page.ExpectAsync("all('live', 'room').length", "2");

        await page.RunAsync("team.read('t:1'); team.read('t:2'); team.leave();");

        Assert.Equal("""{"room":"team","position":"t:1"}""", (await connection.ReceiveAsync("read")).Content);
        Assert.Equal("""{"room":"team","position":"t:2"}""", (await connection.ReceiveAsync("read")).Content);
        await connection.ReceiveAsync("leave");
    }

    [Fact]
    public async Task A_position_that_the_user_has_passed_on_another_device_or_of_a_lost_stream_is_not_sent()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync("e:9");
        await first.SendAsync("""{"type":"read","room":"lobby","user":"ann","position":"e:5"}""");
        await page.ExpectAsync("all('read', 'position')", """["e:5"]""");
        await page.RunAsync("chat.read('e:4');");
        await first.HasSentNothingAsync();
        await first.AbortAsync();

        var second = await server.AcceptAsync();
        await second.WelcomeAsync();
        await second.SendLiveAsync("f:9");
        await second.HasSentNothingAsync();
    }
}

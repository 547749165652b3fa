using System.Text.Json;

namespace ChatRoom.Tests.Client;

/// <summary>Messages that are older than those that the client has received.</summary>
public class OlderTests(Browser browser)
{
    /// <summary>Stores the outcome of a call in <c>got</c>.</summary>
    private const string Note = """
        window.got = [];
        window.note = (promise) => promise.then(
          ({ messages, more }) => got.push([messages.map(({ position }) => position), more]),
          ({ code }) => got.push(code));
        """;

    [Fact]
    public async Task Each_call_continues_where_the_previous_one_ended()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(Note + "window.team = chat.join('team');");
        var connection = await server.AcceptLiveAsync();
        await connection.AcceptJoinAsync("team");
        await connection.SendMessageAsync("t:50", "fifty", "team");
        await connection.SendMessageAsync("t:51", "fifty-one", "team");
        await connection.SendLiveAsync("t:51", "team");
        await page.ExpectAsync("all('live', 'room').length", "2");

        await page.RunAsync("note(team.older(2)); note(team.older()); note(chat.older(1)); note(team.older(5, 't:9'));");

        var first = await connection.ReceiveAsync("history");
        Assert.Equal("""{"room":"team","before":"t:50","limit":2}""", first.Content);
        var home = await connection.ReceiveAsync("history");
        Assert.Equal("""{"limit":1}""", home.Content);
        await connection.HasSentNothingAsync();
        await AnswerAsync(connection, first.Ref, "team", more: true, "t:48", "t:49");
        var second = await connection.ReceiveAsync("history");
        Assert.Equal("""{"room":"team","before":"t:48","limit":50}""", second.Content);
        await AnswerAsync(connection, second.Ref, "team", more: false);
        await AnswerAsync(connection, home.Ref, "lobby", more: true, "e:1");
        var third = await connection.ReceiveAsync("history");
        Assert.Equal("""{"room":"team","before":"t:9","limit":5}""", third.Content);
        await connection.RefuseAsync(third.Ref, "unavailable");

        await page.ExpectAsync("got", """[[["t:48","t:49"],true],[[],false],[["e:1"],true],"unavailable"]""");
        await page.ExpectAsync("all('message', 'position')", """["t:50","t:51"]""");
        await page.ExpectAsync("all('error', 'code')", "[]");
    }

    [Fact]
    public async Task Older_messages_are_like_those_of_events()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var connection = await server.AcceptLiveAsync();
        await page.ExpectAsync("chat.state", "\"live\"");
        await page.RunAsync("chat.older().then(({ messages }) => { window.older = messages; });");
        var (reference, _) = await connection.ReceiveAsync("history");

        await connection.SendAsync($$"""
            {"type":"history","ref":"{{reference}}","room":"lobby","more":false,"messages":[
            {"position":"e:1","from":"bob","at":"2026-11-22T18:00:00Z","data":"hi","edited":"2026-11-22T18:01:00Z"},
            {"room":"lobby","position":"e:2","at":"2026-11-22T18:00:00Z","deleted":true}]}
            """);

        await page.ExpectAsync(
            "window.older?.map(({ room, position, from, at, data, edited, deleted, live }) => [room, position, from, at, data, edited, deleted, live])",
            """[["lobby","e:1","bob","2026-11-22T18:00:00.000Z","hi","2026-11-22T18:01:00.000Z",false,false],["lobby","e:2",null,"2026-11-22T18:00:00.000Z",null,null,true,false]]""");
    }

    [Fact]
    public async Task A_call_fails_if_there_is_no_connection_or_it_ends()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(Note + "window.team = chat.join('team'); note(chat.older());");
        var first = await server.AcceptLiveAsync();
        await first.AcceptJoinAsync("team");
        await page.ExpectAsync("got", """["closed"]""");
        await page.ExpectAsync("chat.state", "\"live\"");
        await page.RunAsync("note(chat.older()); note(team.older());");
        await first.ReceiveAsync("history");
        await first.ReceiveAsync("history");

        await first.AbortAsync();

        await page.ExpectAsync("got", """["closed","closed","closed"]""");
        var second = await server.AcceptLiveAsync();
        await second.AcceptJoinAsync("team");
        await second.HasSentNothingAsync();
        await page.RunAsync("team.leave(); note(team.older());");
        await page.ExpectAsync("got.length", "4");
        Assert.Empty(page.Problems);
    }

    [Fact]
    public async Task After_a_lost_stream_the_client_asks_for_messages_before_its_first_new_one()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync(Note);
        var connection = await server.AcceptAsync();
        await connection.WelcomeAsync();
        await connection.SendMessageAsync("e:9", "nine");
        await connection.SendAsync("""{"type":"gap","room":"lobby","after":"e:9","next":"f:3","reset":true}""");
        await connection.SendMessageAsync("f:3", "three");
        await connection.SendLiveAsync("f:3");
        await page.ExpectAsync("chat.state", "\"live\"");

        await page.RunAsync("note(chat.older(10));");

        Assert.Equal("""{"before":"f:3","limit":10}""", (await connection.ReceiveAsync("history")).Content);
    }

    private static Task AnswerAsync(ScriptedConnection connection, string reference, string room, bool more, params string[] positions) =>
        connection.SendAsync(JsonSerializer.Serialize(new
        {
            type = "history",
            @ref = reference,
            room,
            messages = positions.Select(position => new { room, position, from = "bob", at = "2026-11-22T18:00:00Z", data = position }),
            more,
        }));
}

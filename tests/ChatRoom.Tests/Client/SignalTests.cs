namespace ChatRoom.Tests.Client;

public class SignalTests(Browser browser)
{
    private const string Later = "const now = Date.now; Date.now = () => now() + 2_000;";

    [Fact]
    public async Task Signals_are_reported_to_the_room_and_the_chat()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync("window.heard = []; chat.join('team').on('signal', ({ name }) => heard.push(name));");
        var connection = await server.AcceptLiveAsync();
        await connection.AcceptJoinAsync("team");

        await connection.SendAsync("""{"type":"signal","room":"team","from":"bob","name":"typing"}""");
        await connection.SendAsync("""{"type":"signal","room":"lobby","name":"deploying","data":"in 5 minutes"}""");

        await page.ExpectAsync(
            "all('signal', 'room', 'from', 'name', 'data')", """[["team","bob","typing",null],["lobby",null,"deploying","in 5 minutes"]]""");
        await page.ExpectAsync("heard", """["typing"]""");
    }

    [Fact]
    public async Task A_signal_is_sent_at_most_once_in_2_seconds_for_each_room_and_name()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync("window.team = chat.join('team');");
        var connection = await server.AcceptLiveAsync();
        await connection.AcceptJoinAsync("team");
        await page.ExpectAsync("chat.state", "\"live\"");

        await page.RunAsync("for (let i = 0; i < 10; i++) { chat.signal('typing'); team.signal('typing', `${i}`); team.signal('recording'); }");
        Assert.Equal(("", """{"name":"typing"}"""), await connection.ReceiveAsync("signal"));
        Assert.Equal(("", """{"room":"team","name":"typing","data":"0"}"""), await connection.ReceiveAsync("signal"));
        Assert.Equal(("", """{"room":"team","name":"recording"}"""), await connection.ReceiveAsync("signal"));
        await connection.HasSentNothingAsync();

        await page.RunAsync(Later + "team.signal('typing', 'again');");
        Assert.Equal("""{"room":"team","name":"typing","data":"again"}""", (await connection.ReceiveAsync("signal")).Content);
    }

    [Fact]
    public async Task A_signal_without_a_connection_is_never_sent()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await page.RunAsync("window.team = chat.join('team'); chat.signal('typing'); team.signal('typing');");
        var first = await server.AcceptLiveAsync();
        await first.AcceptJoinAsync("team");
        await first.HasSentNothingAsync();
        await first.AbortAsync();
        var second = await server.AcceptAsync();
        await page.RunAsync("chat.signal('typing'); team.signal('typing');");
        await second.WelcomeAsync();
        await second.AcceptJoinAsync("team");
        await second.HasSentNothingAsync();

        await page.RunAsync("team.signal('typing'); team.leave(); team.signal('other');");

        await second.ReceiveAsync("signal");
        await second.ReceiveAsync("leave");
        await second.HasSentNothingAsync();
        Assert.Empty(page.Problems);
    }
}

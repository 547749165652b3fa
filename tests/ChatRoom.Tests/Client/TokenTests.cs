namespace ChatRoom.Tests.Client;

public class TokenTests(Browser browser)
{
    private const string Quick = "times: { backoff: 5, refused: 5, busy: 5 }";

    [Fact]
    public async Task Each_attempt_sends_a_fresh_token_as_a_second_subprotocol()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(
            browser, server, $"{{ {Quick}, token: async () => `t.${{window.count = (window.count ?? 0) + 1}}` }}");

        var first = await server.AcceptLiveAsync();
        Assert.Equal(["chatkit.v1", "bearer.t.1"], first.Offered);
        await first.CloseAsync(1008, "the credentials have expired");
        var second = await server.AcceptLiveAsync();

        Assert.Equal(["chatkit.v1", "bearer.t.2"], second.Offered);
        Assert.Equal(["lobby~e:1"], second.After);
        await page.ExpectAsync("chat.state", "\"live\"");
        await page.SendAsync("hi");
        Assert.Equal("hi", (await second.ReceiveMessageAsync()).Data);
        Assert.Empty(page.Problems);
    }

    [Fact]
    public async Task Without_the_option_no_token_is_sent()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);

        Assert.Equal(["chatkit.v1"], (await server.AcceptLiveAsync()).Offered);
    }

    /// <summary>The token server can be unavailable, or return characters that are invalid in a subprotocol.</summary>
    [Fact]
    public async Task An_attempt_without_a_token_fails_and_another_follows()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, $$"""
            { {{Quick}}, token: () => {
              window.count = (window.count ?? 0) + 1;
              if (window.count === 1) throw new Error('no token');
              if (window.count === 2) return Promise.reject();
              return window.count === 3 ? 'not fit' : 'good';
            } }
            """);

        Assert.Equal(["chatkit.v1", "bearer.good"], (await server.AcceptLiveAsync()).Offered);

        await page.ExpectAsync("chat.state", "\"live\"");
        await page.ExpectAsync("all('state', 'state', 'reason', 'code')[1]", """["reconnecting","no token",1006]""");
        Assert.Equal(1, server.Handshakes);
        Assert.Empty(page.Problems);
    }

    [Fact]
    public async Task A_token_that_arrives_too_late_opens_no_second_connection()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(
            browser, server, $"{{ {Quick}, token: () => new Promise((resolve) => (window.asked ??= []).push(resolve)) }}");
        await page.ExpectAsync("asked.length", "1");

        await page.RunAsync("chat.reconnect()");
        await page.RunAsync("asked[0]('old'); asked[1]('new');");

        Assert.Equal(["chatkit.v1", "bearer.new"], (await server.AcceptLiveAsync()).Offered);
        await page.ExpectAsync("chat.state", "\"live\"");
        Assert.Equal(1, server.Handshakes);

        await page.RunAsync("chat.reconnect(); chat.close(); asked[2]('after the end');");
        await page.ExpectAsync("chat.state", "\"closed\"");
        Assert.Equal(1, server.Handshakes);
    }
}

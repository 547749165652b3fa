namespace ChatRoom.Tests.Client;

/// <summary>Browsers copy the session storage into a tab that is duplicated or opened by a script.</summary>
public class TabTests(Browser browser)
{
    private const string WithoutLocks = "Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true });";

    private const string WithSlowLocks = """
        const locks = navigator.locks;
        const { request } = locks;
        const unlocked = new Promise((resolve) => { window.unlock = resolve; });
        locks.request = async (...all) => { await unlocked; return request.apply(locks, all); };
        """;

    private const string WithALockThatFailsOnce = """
        const locks = navigator.locks;
        const { request } = locks;
        let fails = true;
        locks.request = async (...all) => {
          if (!fails) return request.apply(locks, all);
          fails = false;
          throw new Error('The provided callback is no longer runnable.');
        };
        """;

    private const string Patient = "{ times: { claim: 60_000 } }";

    private const string LocksHeld = "navigator.locks.query().then(({ held }) => { window.held = held.length; }) && window.held";

    [Fact]
    public async Task A_duplicated_tab_does_not_send_messages_of_the_original()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var original = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptAsync();
        await SendAndStoreAsync(original, "typed once");

        var copy = await original.DuplicateAsync();
        Assert.Equal(2, await copy.Page.EvaluateAsync<int>("sessionStorage.length"));
        await copy.ConnectAsync();
        var second = await server.AcceptLiveAsync();
        await copy.SendAsync("typed in the copy");

        Assert.Equal("typed in the copy", (await second.ReceiveMessageAsync()).Data);
        await copy.ExpectAsync("chat.pending.map(({ data }) => data)", """["typed in the copy"]""");
        await copy.ExpectAsync("all('error', 'code')", "[]");
        await first.WelcomeAsync();
        var sent = await first.ReceiveMessageAsync();
        Assert.Equal("typed once", sent.Data);
        await first.AcknowledgeAsync(sent.Ref, "e:2");
        await original.ExpectAsync("outcomes", """{"typed once":"e:2"}""");
    }

    /// <summary>The copy's request for the lock can overtake the original's.</summary>
    [Fact]
    public async Task A_tab_that_is_duplicated_before_it_has_its_lock_sends_its_messages_alone()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var original = await ClientPage.ConnectAsync(browser, server, Patient, WithSlowLocks);
        var first = await server.AcceptAsync();
        await original.SendAsync("typed once");

        await ExpectNothingInACopyAsync(original, server);

        await original.RunAsync("unlock()");
        await original.ExpectAsync("sessionStorage.length", "2");
        await first.WelcomeAsync();
        Assert.Equal("typed once", (await first.ReceiveMessageAsync()).Data);
    }

    [Fact]
    public async Task A_tab_that_is_duplicated_after_a_reload_before_it_has_its_lock_sends_its_messages_alone()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var original = await ClientPage.ConnectAsync(browser, server);
        await server.AcceptAsync();
        await SendAndStoreAsync(original, "typed once");
        await original.Page.AddInitScriptAsync($"{{ {WithSlowLocks} }}");
        await original.ReloadAsync(Patient);
        var second = await server.AcceptAsync();

        await ExpectNothingInACopyAsync(original, server);

        Assert.Equal("""["typed once"]""", await PendingAsync(original));
        await second.WelcomeAsync(user: null);
        await second.HasSentNothingAsync();
        await original.RunAsync("unlock()");
        Assert.Equal("typed once", (await second.ReceiveMessageAsync()).Data);
        await original.ExpectAsync("all('error', 'code')", "[]");
    }

    [Fact]
    public async Task A_page_that_is_reloaded_before_it_has_its_lock_gets_its_messages_back()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, Patient, WithSlowLocks);
        await server.AcceptAsync();
        await page.SendAsync("typed before");

        await page.ReloadAsync(Patient);
        await server.AcceptAsync();
        await page.SendAsync("typed between");
        await page.ReloadAsync(Patient);

        Assert.Equal("""["typed before","typed between"]""", await PendingAsync(page));
        await page.RunAsync("unlock()");
        var third = await server.AcceptAsync();
        await third.WelcomeAsync(user: null);
        Assert.Equal("typed before", (await third.ReceiveMessageAsync()).Data);
        Assert.Equal("typed between", (await third.ReceiveMessageAsync()).Data);
    }

    /// <summary>A request fails if the browser grants the lock while the page is paused, as Playwright does in window.open().</summary>
    [Fact]
    public async Task A_page_repeats_a_request_for_its_lock_that_has_failed()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, before: WithALockThatFailsOnce);
        await server.AcceptAsync();
        await SendAndStoreAsync(page, "typed before");
        await page.ExpectAsync(LocksHeld, "1");

        await page.ReloadAsync();

        var second = await server.AcceptAsync();
        await second.WelcomeAsync(user: null);
        Assert.Equal("typed before", (await second.ReceiveMessageAsync()).Data);
        await page.ExpectAsync(LocksHeld, "1");
    }

    [Fact]
    public async Task Each_of_two_tabs_gets_its_own_messages_back_after_a_reload()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var original = await ClientPage.ConnectAsync(browser, server);
        await server.AcceptAsync();
        await SendAndStoreAsync(original, "of the original");
        var copy = await original.DuplicateAsync();
        await copy.ConnectAsync();
        await copy.SendAsync("of the copy");
        await server.AcceptAsync();
        await copy.ExpectAsync("sessionStorage.length", "2");

        await copy.ReloadAsync();
        Assert.Equal("""["of the copy"]""", await PendingAsync(copy));
        var second = await server.AcceptAsync();
        await second.WelcomeAsync(user: null);
        Assert.Equal("of the copy", (await second.ReceiveMessageAsync()).Data);
        await second.HasSentNothingAsync();

        await original.ReloadAsync();
        Assert.Equal("""["of the original"]""", await PendingAsync(original));
        var first = await server.AcceptAsync();
        await first.WelcomeAsync(user: null);
        Assert.Equal("of the original", (await first.ReceiveMessageAsync()).Data);
        await first.HasSentNothingAsync();
    }

    [Fact]
    public async Task A_reloaded_page_sends_only_after_the_previous_page_has_released_its_lock()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync();
        await first.AbortAsync();
        await server.AcceptAsync();
        await SendAndStoreAsync(page, "typed before");
        var other = new ClientPage(await page.Page.Context.NewPageAsync());
        await other.Page.GotoAsync(server.Address.ToString());
        await other.Page.EvaluateAsync(
            """(name) => { navigator.locks.request(name, { steal: true }, () => new Promise((release) => { window.release = release; })); }""",
            await page.Page.EvaluateAsync<string>("navigator.locks.query().then(({ held }) => held[0].name)"));
        await other.ExpectAsync("typeof release", "\"function\"");

        await page.ReloadAsync();
        Assert.Equal("""["typed before"]""", await PendingAsync(page));
        var third = await server.AcceptLiveAsync();
        await page.SendAsync("typed behind");
        await third.HasSentNothingAsync();
        await other.RunAsync("release()");

        Assert.Equal("typed before", (await third.ReceiveMessageAsync()).Data);
        Assert.Equal("typed behind", (await third.ReceiveMessageAsync()).Data);
    }

    [Fact]
    public async Task Messages_that_another_page_holds_have_an_unknown_outcome()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await server.AcceptAsync();
        await SendAndStoreAsync(page, "typed before");
        var other = new ClientPage(await page.Page.Context.NewPageAsync());
        await other.Page.GotoAsync(server.Address.ToString());
        await other.Page.EvaluateAsync(
            "(name) => { navigator.locks.request(name, { steal: true }, () => new Promise(() => {})); }",
            await page.Page.EvaluateAsync<string>("navigator.locks.query().then(({ held }) => held[0].name)"));

        await page.ReloadAsync("{ times: { claim: 200 } }");

        await page.ExpectAsync("all('error', 'code', 'data')", """[["unknown","typed before"]]""");
        await page.ExpectAsync("[chat.pending.length, sessionStorage.length]", "[0,0]");
        await page.SendAsync("typed behind");
        Assert.Equal("typed behind", (await (await server.AcceptLiveAsync()).ReceiveMessageAsync()).Data);
    }

    [Fact]
    public async Task A_message_of_a_duplicated_tab_whose_original_was_just_closed_is_sent_with_the_same_ref()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var original = await ClientPage.ConnectAsync(browser, server);
        var first = await server.AcceptLiveAsync();
        await SendAndStoreAsync(original, "typed once");
        var sent = await first.ReceiveMessageAsync();
        var copy = await original.DuplicateAsync();
        await original.CloseTabAsync();
        await copy.ExpectAsync(LocksHeld, "0");

        await copy.ConnectAsync();

        Assert.Equal(sent, await (await server.AcceptLiveAsync()).ReceiveMessageAsync());
        await copy.ExpectAsync("all('error', 'code')", "[]");
    }

    /// <summary>The message may have been sent long ago, so that the server no longer has its ref.</summary>
    [Fact]
    public async Task A_message_of_a_duplicated_tab_whose_original_was_closed_long_ago_is_not_sent()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var original = await ClientPage.ConnectAsync(browser, server);
        await server.AcceptAsync();
        await SendAndStoreAsync(original, "typed once");
        var copy = await original.DuplicateAsync();
        await original.CloseTabAsync();
        await copy.ExpectAsync(LocksHeld, "0");

        await copy.RunAsync("const now = Date.now; Date.now = () => now() + 4.5 * 60_000");
        await copy.ConnectAsync();

        await copy.ExpectAsync("all('error', 'code', 'data')", """[["unknown","typed once"]]""");
        var second = await server.AcceptLiveAsync();
        await second.HasSentNothingAsync();
        await copy.ExpectAsync("sessionStorage.length", "0");
    }

    [Fact]
    public async Task Without_locks_a_page_detects_from_storage_whether_it_was_reloaded_or_duplicated()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var original = await ClientPage.ConnectAsync(browser, server, before: WithoutLocks);
        var first = await server.AcceptLiveAsync();
        await original.ExpectAsync("chat.user", "\"ann\"");
        await original.SendAsync("typed once");
        var sent = await first.ReceiveMessageAsync();

        var copy = await original.DuplicateAsync();
        await copy.RunAsync(WithoutLocks);
        await copy.ConnectAsync();
        await copy.ExpectAsync("all('error', 'code', 'data')", """[["unknown","typed once"]]""");
        await (await server.AcceptLiveAsync()).HasSentNothingAsync();

        await original.ReloadAsync();
        Assert.Equal(sent, await (await server.AcceptLiveAsync()).ReceiveMessageAsync());
    }

    [Fact]
    public async Task Closing_the_client_releases_the_lock_for_another_client_of_the_page()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server);
        await server.AcceptLiveAsync();
        await page.ExpectAsync(LocksHeld, "1");

        await page.RunAsync("chat.close()");

        await page.ExpectAsync(LocksHeld, "0");
    }

    /// <summary>Sends a text, and waits until the page has its lock. Only then does it store which messages it has.</summary>
    private static async Task SendAndStoreAsync(ClientPage page, string text)
    {
        await page.SendAsync(text);
        await page.ExpectAsync("sessionStorage.length", "2");
    }

    private static async Task ExpectNothingInACopyAsync(ClientPage original, ScriptedServer server)
    {
        var copy = await original.DuplicateAsync();
        await copy.ConnectAsync();
        var connection = await server.AcceptLiveAsync();
        await copy.ExpectAsync(LocksHeld, "1");
        await copy.ExpectAsync("[chat.pending.length, all('error', 'code')]", "[0,[]]");
        await copy.SendAsync("typed in the copy");
        Assert.Equal("typed in the copy", (await connection.ReceiveMessageAsync()).Data);
        await connection.HasSentNothingAsync();
    }

    private static async Task<string> PendingAsync(ClientPage page) =>
        await page.Page.EvaluateAsync<string>("JSON.stringify(chat.pending.map(({ data }) => data))");
}

using Microsoft.Playwright;

namespace ChatRoom.Tests.Client;

/// <summary>An empty page that runs the browser client as <c>chat</c>, and stores its events in <c>events</c>.</summary>
internal sealed class ClientPage(IPage page) : IAsyncDisposable
{
    private const string Connect = """
        async ([options, url]) => {
          const { connect } = await import('/chatkit.js');
          window.events = [];
          window.chat = connect(url, eval(`(${options})`));
          for (const type of ['state', 'message', 'change', 'gap', 'live', 'read', 'signal', 'left', 'presence', 'ack', 'error']) {
            chat.on(type, (event) => events.push({ type, ...event, ...(event.retryAt && { delay: event.retryAt - Date.now() }) }));
          }
          window.all = (type, ...names) => events.filter((event) => event.type === type)
            .map((event) => (names.length === 1 ? event[names[0]] : names.map((name) => event[name])));
        }
        """;

    private const string Lobby = "chat/lobby?name=Ann";

    /// <summary>Times that are so short that no test waits for them.</summary>
    public const string Quick = "{ times: { backoff: 5, refused: 5, busy: 5 } }";

    private readonly List<string> _problems = Collect(page);

    public IPage Page => page;

    /// <summary>The uncaught errors of the page.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Opens the page and connects the client.</summary>
    /// <param name="browser">The browser.</param>
    /// <param name="server">The server.</param>
    /// <param name="options">The client's options, in JavaScript.</param>
    /// <param name="before">JavaScript to run first, also after each reload.</param>
    /// <param name="url">The URL to connect to.</param>
    public static Task<ClientPage> ConnectAsync(
        Browser browser, ScriptedServer server, string options = Quick, string? before = null, string url = Lobby) =>
        ConnectAsync(browser, server.Address, options, before, url);

    /// <summary>Opens a page of any server that serves <c>/chatkit.js</c>, and connects the client.</summary>
    public static async Task<ClientPage> ConnectAsync(
        Browser browser, Uri server, string options = Quick, string? before = null, string url = Lobby)
    {
        var page = new ClientPage(await browser.OpenAsync(server));
        if (before is not null)
        {
            await page.Page.AddInitScriptAsync($"{{ {before} }}");
            await page.RunAsync(before);
        }

        await page.ConnectAsync(options, url);
        return page;
    }

    /// <summary>Connects the client.</summary>
    public Task ConnectAsync(string options = Quick, string url = Lobby) => page.EvaluateAsync(Connect, new[] { options, url });

    /// <summary>Reloads the page and connects the client again.</summary>
    public async Task ReloadAsync(string options = Quick)
    {
        await page.ReloadAsync();
        await ConnectAsync(options);
    }

    /// <summary>Opens a tab by script. As for a duplicated tab, the browser copies the session storage of this page.</summary>
    public async Task<ClientPage> DuplicateAsync() =>
        new(await page.RunAndWaitForPopupAsync(() => page.EvaluateAsync("() => { window.open(location.href); }")));

    /// <summary>Closes this tab only.</summary>
    public Task CloseTabAsync() => page.CloseAsync();

    public Task RunAsync(string script) => page.EvaluateAsync($"() => {{ {script} }}");

    /// <summary>Sends a text and stores its outcome in <c>outcomes</c>.</summary>
    public Task SendAsync(string text) => page.EvaluateAsync(
        """
        (text) => {
          window.outcomes ??= {};
          chat.send(text).then((ack) => { outcomes[text] = ack.position; }, (error) => { outcomes[text] = error.code; });
        }
        """,
        text);

    /// <summary>Waits until an expression has a value, both as JSON.</summary>
    public async Task ExpectAsync(string expression, string expected)
    {
        var actual = "";
        try
        {
            await Patience.UntilAsync(
                async () => (actual = await page.EvaluateAsync<string?>($"() => JSON.stringify({expression})") ?? "undefined") == expected, "");
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{expression} is {actual}, not {expected}. All events: {await page.EvaluateAsync<string>("JSON.stringify(events)")}");
        }
    }

    /// <summary>Closes the page. Chromium may never answer for a page that loads again just now; such a page ends with the browser.</summary>
    public async ValueTask DisposeAsync() =>
        await page.Context.DisposeAsync().AsTask().WaitAsync(Patience.Limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static List<string> Collect(IPage page)
    {
        var problems = new List<string>();
        page.PageError += (_, problem) => problems.Add(problem);
        return problems;
    }
}

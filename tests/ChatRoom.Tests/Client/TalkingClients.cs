using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;

namespace ChatRoom.Tests.Client;

/// <summary>Browser clients on one page, each of which sends as soon as its last message is acknowledged.</summary>
internal sealed class TalkingClients : IAsyncDisposable
{
    /// <summary>
    /// Records from when to when each socket of each client is live. Closing one that is live ends that, whoever closes it. Then, opens the
    /// clients.
    /// </summary>
    private const string Script = """
        async ([count, hasTokens]) => {
          window.sockets = [];
          const Real = WebSocket;
          window.WebSocket = class extends Real {
            constructor(url, ...rest) {
              super(url, ...rest);
              const about = { name: new URL(url).searchParams.get('name') };
              const end = () => { about.to ??= performance.now(); };
              sockets.push(about);
              this.addEventListener('message', ({ data }) => { if (data.startsWith('{"type":"live"')) about.from ??= performance.now(); });
              this.addEventListener('close', end);
              this.end = end;
            }
            close(...rest) {
              this.end();
              super.close(...rest);
            }
          };
          const getToken = (name) => () => fetch(`/token?name=${name}`).then((response) => response.text());
          const { connect } = await import('/chatkit.js');
          window.clients = Array.from({ length: count }, (_, index) => {
            const name = `c${index}`;
            const chat = connect(`chat/lobby?name=${name}`, { storage: null, token: hasTokens ? getToken(name) : undefined });
            const client = { name, chat, states: [], seen: [], gaps: 0, errors: [], acks: [], presence: [], sent: 0 };
            client.chat.on('state', ({ state }) => client.states.push(state));
            client.chat.on('message', ({ position, from, data }) => client.seen.push([position, from, data]));
            client.chat.on('gap', () => client.gaps++);
            client.chat.on('error', (error) => client.errors.push(error));
            client.chat.on('presence', ({ joined, left }) => {
              client.presence.push(...joined.map((user) => `+${user}`), ...left.map((user) => `-${user}`));
            });
            return client;
          });
          window.talk = async (client) => {
            while (!window.isOver) {
              const text = `${client.sent++}`;
              await client.chat.send(text).then(({ position }) => client.acks.push([text, position]), ({ code }) => client.acks.push([text, code]));
              await new Promise((resolve) => setTimeout(resolve, 200 + 200 * Math.random()));
            }
          };
        }
        """;

    /// <summary>The longest time in which a client had no live connection, after its first one; and how long connections overlapped.</summary>
    private const string Measure = """
        () => {
          let gap = 0;
          let overlaps = 0;
          for (const { name } of clients) {
            const spans = sockets.filter((each) => each.name === name && each.from)
              .map(({ from, to = Infinity }) => [from, to])
              .sort(([a], [b]) => a - b);
            let end = spans[0][1];
            for (const [from, to] of spans.slice(1)) {
              gap = Math.max(gap, from - end);
              if (from <= end) overlaps++;
              end = Math.max(end, to);
            }
          }
          return [gap, overlaps, sockets.length];
        }
        """;

    private readonly IPage _page;

    private TalkingClients(IPage page) => _page = page;

    /// <summary>Opens the clients, which then talk.</summary>
    /// <param name="browser">Where.</param>
    /// <param name="address">The address of the server.</param>
    /// <param name="count">The number of clients.</param>
    /// <param name="hasTokens">Whether each connection asks for a token at <c>/token?name=…</c>.</param>
    public static async Task<TalkingClients> OpenAsync(Browser browser, Uri address, int count, bool hasTokens = false)
    {
        var page = await browser.OpenAsync(address);
        await page.EvaluateAsync(Script, new object[] { count, hasTokens });
        await Patience.UntilAsync(() => page.EvaluateAsync<bool>("clients.every(({ chat }) => chat.state === 'live')"), "all clients are live");
        await page.EvaluateAsync("() => { window.talks = clients.map(talk); }");
        return new TalkingClients(page);
    }

    /// <summary>Waits until everybody has said something.</summary>
    public async Task TalkAsync()
    {
        var before = await _page.EvaluateAsync<int[]>("clients.map(({ acks }) => acks.length)");
        await Patience.UntilAsync(
            () => _page.EvaluateAsync<bool>("(before) => clients.every(({ acks }, index) => acks.length > before[index])", before),
            "everybody has said something");
    }

    /// <summary>Waits until each client has left its first connection for another one.</summary>
    public Task MovedAsync() => Patience.UntilAsync(
        () => _page.EvaluateAsync<bool>("clients.every(({ name }) => sockets.some((each) => each.name === name && each.to))"),
        "all clients have moved");

    /// <summary>
    /// Lets the clients stop, and asserts that none was without a live connection for a moment, and that nothing was lost, doubled, or reordered.
    /// </summary>
    /// <param name="minOverlaps">How often a client had two live connections, at least.</param>
    public async Task VerifyAsync(int minOverlaps)
    {
        await _page.EvaluateAsync("async () => { window.isOver = true; await Promise.all(talks); }");
        var total = await _page.EvaluateAsync<int>("clients.reduce((sum, { acks }) => sum + acks.length, 0)");
        await Patience.UntilAsync(
            () => _page.EvaluateAsync<bool>($"clients.every(({{ seen }}) => seen.length >= {total})"), "everybody has everything");

        var (gap, overlaps, sockets) = await _page.EvaluateAsync<double[]>(Measure) is [var a, var b, var c] ? (a, b, c) : default;
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{total} messages, {sockets} sockets, {overlaps} times two live ones of a client: at most {gap:0.0} ms without a live connection."));
        Assert.Equal(0, gap);
        Assert.InRange(overlaps, minOverlaps, double.MaxValue);
        var reports = await _page.EvaluateAsync<string>("JSON.stringify(clients.map(({ chat, ...others }) => others))");
        foreach (var client in JsonSerializer.Deserialize<Report[]>(reports, JsonSerializerOptions.Web)!)
            Verify(client, total);
        var one = await _page.EvaluateAsync<string>("JSON.stringify(clients[0].seen)");
        var isSame = await _page.EvaluateAsync<bool>("(one) => clients.every(({ seen }) => JSON.stringify(seen) === one)", one);
        Assert.True(isSame, "everybody has seen the same");
    }

    public ValueTask DisposeAsync() => _page.Context.DisposeAsync();

    private static void Verify(Report client, int total)
    {
        Assert.All(client.States.SkipWhile(static state => state != "live"), static state => Assert.Equal("live", state));
        Assert.Empty(client.Errors);
        Assert.Equal((0, client.Sent), (client.Gaps, client.Acks.Length));
        Assert.Equal(total, client.Seen.Length);
        Assert.Equal(Enumerable.Range(1, total), client.Seen.Select(static seen => int.Parse(seen[0].Split(':')[1], CultureInfo.InvariantCulture)));
        Assert.Equal(
            Enumerable.Range(0, client.Sent).Select(i => $"{i} {client.Acks[i][1]}"),
            client.Seen.Where(seen => seen[1] == client.Name).Select(static seen => $"{seen[2]} {seen[0]}"));

        // Everybody is there all the time.
        Assert.DoesNotContain(client.Presence, static each => each[0] == '-');
        Assert.Equal(client.Presence.Distinct(), client.Presence);
    }

    private sealed record Report(
        string Name, string[] States, string[][] Seen, int Gaps, JsonElement[] Errors, string[][] Acks, string[] Presence, int Sent);
}

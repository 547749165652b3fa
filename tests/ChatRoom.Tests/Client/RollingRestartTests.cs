using System.Globalization;
using System.Net;
using System.Security.Claims;
using System.Text.Json;
using ChatKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatRoom.Tests.Client;

/// <summary>Two nodes are stopped and started again in turn, while browser clients talk.</summary>
public sealed class RollingRestartTests(Browser browser, RedisServer redis) : IClassFixture<RedisServer>, IAsyncDisposable
{
    private const int Clients = 20;

    /// <summary>
    /// Records from when to when each socket of each client is live. Closing one that is live ends that, whoever closes it. Then, opens the
    /// clients, each of which sends as soon as its last message is acknowledged.
    /// </summary>
    private const string Script = """
        async ([count]) => {
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
          const { connect } = await import('/chatkit.js');
          window.clients = Array.from({ length: count }, (_, index) => {
            const name = `c${index}`;
            const client = { name, chat: connect(`chat/lobby?name=${name}`, { storage: null }), states: [], seen: [], gaps: 0, errors: [], acks: [], presence: [], sent: 0 };
            client.chat.on('state', ({ state }) => client.states.push(state));
            client.chat.on('message', ({ position, from, data }) => client.seen.push([position, from, data]));
            client.chat.on('gap', () => client.gaps++);
            client.chat.on('error', (error) => client.errors.push(error));
            client.chat.on('presence', ({ joined, left }) => client.presence.push(...joined.map((user) => `+${user}`), ...left.map((user) => `-${user}`)));
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
            const spans = sockets.filter((each) => each.name === name && each.from).map(({ from, to = Infinity }) => [from, to]).sort(([a], [b]) => a - b);
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

    /// <summary>The clients move within the first half, so that much time is left on a slow machine.</summary>
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(8);

    private readonly string _prefix = $"test-{Guid.NewGuid():n}:";
    private readonly List<WebApplication> _nodes = [];

    [Fact]
    public async Task No_client_is_ever_without_a_live_connection_and_nothing_is_lost_doubled_or_reordered()
    {
        int[] ports = [RedisServer.FreePort(), RedisServer.FreePort()];
        foreach (var port in ports)
            _nodes.Add(await StartAsync(port));
        await using var balancer = new RoundRobin(ports);
        var page = await browser.OpenAsync(balancer.Address);
        await using var context = page.Context;
        await page.EvaluateAsync(Script, new[] { Clients });
        await Patience.UntilAsync(() => page.EvaluateAsync<bool>("clients.every(({ chat }) => chat.state === 'live')"), "all clients are live");
        await page.EvaluateAsync("() => { window.talks = clients.map(talk); }");

        for (var i = 0; i < ports.Length; i++)
        {
            await TalkAsync();
            balancer.Avoid(ports[i]); // It fails its health check.
            await _nodes[i].StopAsync(TestContext.Current.CancellationToken);
            await _nodes[i].DisposeAsync();
            await TalkAsync();
            _nodes[i] = await StartAsync(ports[i]);
            balancer.Avoid(0);
        }

        await TalkAsync();
        await page.EvaluateAsync("async () => { window.isOver = true; await Promise.all(talks); }");
        var total = await page.EvaluateAsync<int>("clients.reduce((sum, { acks }) => sum + acks.length, 0)");
        await Patience.UntilAsync(
            () => page.EvaluateAsync<bool>($"clients.every(({{ seen }}) => seen.length >= {total})"), "everybody has everything");

        var (gap, overlaps, sockets) = await page.EvaluateAsync<double[]>(Measure) is [var a, var b, var c] ? (a, b, c) : default;
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{total} messages, {sockets} sockets, {overlaps} times two live ones of a client: at most {gap:0.0} ms without a live connection."));
        Assert.Equal(0, gap);
        Assert.InRange(overlaps, Clients, double.MaxValue);
        var reports = await page.EvaluateAsync<string>(
            "JSON.stringify(clients.map(({ name, states, seen, gaps, errors, acks, presence, sent }) => ({ name, states, seen, gaps, errors, acks, presence, sent })))");
        foreach (var client in JsonSerializer.Deserialize<ClientReport[]>(reports, JsonSerializerOptions.Web)!)
            Verify(client, total);
        var one = await page.EvaluateAsync<string>("JSON.stringify(clients[0].seen)");
        Assert.True(await page.EvaluateAsync<bool>("(one) => clients.every(({ seen }) => JSON.stringify(seen) === one)", one), "everybody has seen the same");

        async Task TalkAsync()
        {
            var before = await page.EvaluateAsync<int[]>("clients.map(({ acks }) => acks.length)");
            await Patience.UntilAsync(
                () => page.EvaluateAsync<bool>("(before) => clients.every(({ acks }, index) => acks.length > before[index])", before), "everybody has said something");
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        foreach (var node in _nodes)
        {
            await node.StopAsync(now.Token);
            await node.DisposeAsync();
        }
    }

    private static void Verify(ClientReport client, int total)
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

    private async Task<WebApplication> StartAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Logging.ClearProviders();
        builder.Services.AddChatKit(static options => (options.HistoryCapacity, options.DrainTime) = (10_000, DrainTime))
            .AddRedis(options => (options.Configuration, options.KeyPrefix) = (redis.Endpoint, _prefix));
        var app = builder.Build();
        app.Use(static (context, next) =>
        {
            if (context.Request.Query["name"] is [{ } name])
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, name)], "Name"));
            return next(context);
        });
        app.MapGet("/", () => Results.Content("<!doctype html><title>chatkit.js</title>", "text/html"));
        ScriptedServer.MapClient(app);
        app.MapWebSocketHandler<Echo>("/chat/{room}", static options => (options.TrackPresence, options.ReplayLimit) = (true, 10_000));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private sealed record ClientReport(
        string Name, string[] States, string[][] Seen, int Gaps, JsonElement[] Errors, string[][] Acks, string[] Presence, int Sent);

    private sealed class Echo : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
    }
}

using System.Globalization;
using ChatKit;

namespace ChatRoom.Tests.Client;

/// <summary>The same conversation over each transport, and a change of transport in the middle of one, with a real server.</summary>
public class TransportTests(Browser browser)
{
    private const string Ann = "chat/lobby?name=ann";
    private const string Bob = "chat/lobby?name=bob";
    private const string Said =
        """[["lobby",null,"old",null],["lobby","ann","one",null],["team","ann",null,{"n":3}],["team","ann","two",null]]""";
    private const string Quick = "times: { backoff: 5, refused: 5, busy: 5 }";

    [Theory]
    [InlineData("websocket")]
    [InlineData("eventsource")]
    [InlineData("polling")]
    public async Task A_conversation_is_the_same_over_each_transport(string transport)
    {
        await using var server = await StartAsync();
        await server.Broadcaster.BroadcastAsync("lobby", "old");
        await using var ann = await ClientPage.ConnectAsync(browser, server.Address, $"{{ {Quick}, transports: ['{transport}'] }}", url: Ann);
        await using var bob = await ClientPage.ConnectAsync(browser, server.Address, $"{{ {Quick}, transports: ['websocket'] }}", url: Bob);
        foreach (var page in new[] { ann, bob })
        {
            await page.RunAsync("window.team = chat.join('team'); window.closed = chat.join('closed');");
            await page.ExpectAsync("all('live', 'room').sort()", """["lobby","team"]""");
            await page.ExpectAsync("all('error', 'room', 'code')", """[["closed","forbidden"]]""");
        }

        await ann.RunAsync("""
            (async () => {
              const { position } = await chat.send('one');
              const [two] = await Promise.all([team.send('two'), team.send({ n: 3 })]);
              // A message that is changed before it arrives arrives as it is then.
              while (all('message', 'data').length < 4) await new Promise((resolve) => setTimeout(resolve, 10));
              await chat.edit(position, 'ONE');
              await team.delete(two.position);
              const { messages } = await chat.older(1, position);
              chat.read(position);
              chat.signal('typing');
              window.outcome = [messages.map(({ data }) => data), await chat.edit(events.find(({ data }) => data === 'old').position, 'mine').catch(({ code }) => code)];
            })();
            """);

        await ann.ExpectAsync("window.outcome", """[["old"],"forbidden"]""");
        foreach (var page in new[] { ann, bob })
        {
            await page.ExpectAsync("all('message', 'room', 'from', 'data', 'json').sort()", Said);
            await page.ExpectAsync("all('change', 'room', 'data', 'deleted').sort()", """[["lobby","ONE",false],["team",null,true]]""");
            await page.ExpectAsync("all('gap').length", "0");
        }

        await bob.ExpectAsync("all('signal', 'from', 'name')", """[["ann","typing"]]""");
        await bob.RunAsync("chat.signal('waving');");
        await bob.SendAsync("hi ann");
        await ann.ExpectAsync("all('message', 'data').at(-1)", "\"hi ann\"");
        if (transport != "polling")
            await ann.ExpectAsync("all('signal', 'from', 'name')", """[["bob","waving"]]""");
        await ann.RunAsync("team.leave();");
        await bob.RunAsync("team.send('without ann').catch(() => {});");
        await bob.ExpectAsync("all('message', 'data').at(-1)", "\"without ann\"");
        await bob.SendAsync("still there?");
        await ann.ExpectAsync("all('message', 'data').at(-1)", "\"still there?\"");
        await ann.ExpectAsync("all('message', 'data').includes('without ann')", "false");
        await ann.ExpectAsync("[chat.transport, chat.user, all('state', 'state')]", $"""["{transport}","ann",["connecting","live"]]""");
        Assert.Empty(ann.Problems.Concat(bob.Problems));
    }

    /// <summary>Both pages see every message once and in one order, although the way breaks and heals in the middle of it.</summary>
    [Theory]
    [InlineData("['websocket', 'eventsource']", "eventsource")]
    [InlineData("['websocket', 'polling']", "polling")]
    public async Task A_change_of_transport_loses_and_doubles_nothing(string transports, string other)
    {
        await using var server = await StartAsync();
        await using var ann = await ClientPage.ConnectAsync(browser, server.Address, $"{{ transports: {transports}, times: {{ backoff: 5, better: 500 }} }}", url: Ann);
        await using var bob = await ClientPage.ConnectAsync(browser, server.Address, "{ transports: ['polling'] }", url: Bob);
        foreach (var page in new[] { ann, bob })
        {
            await page.RunAsync("window.team = chat.join('team');");
            await page.ExpectAsync("all('live', 'room').length", "2");
        }

        using var over = new CancellationTokenSource();
        var others = Task.Run(async () =>
        {
            for (var i = 0; !over.IsCancellationRequested; i++)
            {
                await server.Broadcaster.BroadcastAsync(i % 2 == 0 ? "lobby" : "team", i.ToString(CultureInfo.InvariantCulture));
                await Task.Delay(15, CancellationToken.None);
            }
        }, TestContext.Current.CancellationToken);
        await ann.RunAsync("""
            window.acks = [];
            let n = 0;
            const timer = setInterval(() => {
              const text = `ann ${n++}`;
              (n % 2 ? chat : team).send(text).then(({ position }) => acks.push([text, position]), ({ code }) => acks.push([text, code]));
              if (window.isOver) clearInterval(timer);
            }, 20);
            """);
        await ann.ExpectAsync("acks.length > 10 && chat.transport", "\"websocket\"");

        server.BreaksWebSockets = true;
        await ann.ExpectAsync("chat.state === 'live' && chat.transport", $"\"{other}\"");
        await ann.RunAsync("window.before = acks.length;");
        await ann.ExpectAsync("acks.length > before + 10", "true");
        server.BreaksWebSockets = false;
        await ann.ExpectAsync("chat.state === 'live' && chat.transport", "\"websocket\"");
        await ann.RunAsync("window.before = acks.length;");
        await ann.ExpectAsync("acks.length > before + 10", "true");

        await ann.RunAsync("window.isOver = true;");
        await ann.ExpectAsync("chat.pending.length", "0");
        await over.CancelAsync();
        await others;
        await server.Broadcaster.BroadcastAsync("lobby", "end");
        await server.Broadcaster.BroadcastAsync("team", "end");
        foreach (var page in new[] { ann, bob })
        {
            await page.ExpectAsync("all('message', 'data').filter((data) => data === 'end').length", "2");
            await page.ExpectAsync("[all('gap').length, all('error').length]", "[0,0]");
        }

        const string OfRoom = "events.filter(({{ type, room }}) => type === 'message' && room === '{0}').map(({{ position, data }}) => [position.split(':')[1], data].join(' '))";
        foreach (var room in new[] { "lobby", "team" })
        {
            var seen = string.Format(CultureInfo.InvariantCulture, OfRoom, room);
            var ofAnn = await ann.Page.EvaluateAsync<string[]>(seen);
            Assert.Equal(ofAnn, await bob.Page.EvaluateAsync<string[]>(seen));
            Assert.Equal(Enumerable.Range(1, ofAnn.Length), ofAnn.Select(static each => int.Parse(each.Split(' ')[0], CultureInfo.InvariantCulture)));
            var sent = ofAnn.Select(static each => each[(each.IndexOf(' ', StringComparison.Ordinal) + 1)..]).Where(static text => text.StartsWith("ann ", StringComparison.Ordinal))
                .Select(static text => int.Parse(text[4..], CultureInfo.InvariantCulture)).ToList();
            Assert.Equal(sent.Distinct().Order(), sent);
        }

        await ann.ExpectAsync("acks.every(([, position]) => position.includes(':'))", "true");
        await ann.ExpectAsync(
            "acks.length === new Set(all('message', 'data').filter((data) => data.startsWith('ann '))).size", "true");
        Assert.Empty(ann.Problems.Concat(bob.Problems));
    }

    private static Task<RealServer> StartAsync() => RealServer.StartAsync<Talk>(static options =>
    {
        options.Transports = ChatTransports.All;
        options.AllowClientJoins = true;
        options.TrackReads = true;
        options.MaxMessagesPerSecond = 1_000;
        options.MaxMessageBurst = 1_000;
        options.HistoryCapacity = 10_000;
        options.ReplayLimit = 10_000;
    });

    private sealed class Talk : AuthorsHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) =>
            BroadcastAsync(message.Text, new BroadcastOptions { IsJson = message.IsJson });

        protected override ValueTask OnSignalAsync(RoomSignal signal) => SignalAsync(signal.Name, signal.Data, signal.Room);

        protected override ValueTask<bool> AuthorizeRoomAsync(string room) => new(room != "closed");
    }
}

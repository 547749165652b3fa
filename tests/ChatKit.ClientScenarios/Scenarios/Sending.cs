using System.Diagnostics;
using ChatKit.ClientScenarios.Server;

namespace ChatKit.ClientScenarios.Scenarios;

/// <summary>docs/protocol.md, "What the client sends", and how the server answers.</summary>
internal static class Sending
{
    [Scenario("send/contents", "does", "It sends texts, bytes and JSON, each with a ref of its own.")]
    public static async Task Contents(Stage stage)
    {
        var connection = await stage.StartAsync();

        await stage.Client.SendAsync("a", "grüß dich 👋");
        await stage.Client.SendBytesAsync("b", "AP8=");
        await stage.Client.SendJsonAsync("c", new { kind = "text" });

        var text = await connection.ReceiveAsync("message");
        var bytes = await connection.ReceiveAsync("message");
        var json = await connection.ReceiveAsync("message");
        Assert.Equal("grüß dich 👋", text.Text("data"));
        Assert.Equal("AP8=", bytes.Text("base64"));
        Assert.Equal("""{"kind":"text"}""", json.Text("json"));
        var refs = new HashSet<string?> { text.Text("ref"), bytes.Text("ref"), json.Text("ref") };
        Assert.Equal(3, refs.Count);
        Assert.All(refs, static reference => Assert.InRange(reference!.Length, 1, 64));
    }

    [Scenario("send/refs", "MUST", "Its refs can't be guessed: another connection of another client has other ones.")]
    public static async Task Refs(Stage stage)
    {
        var refs = new HashSet<string>();
        for (var i = 0; i < 2; i++)
        {
            var connection = await stage.StartAsync();
            await stage.Client.SendAsync($"a{i}", "hi");
            var reference = (await connection.ReceiveAsync("message")).Text("ref")!;
            Assert.True(reference.Length >= 16, $"The ref '{reference}' is short.");
            Assert.True(refs.Add(reference), $"The ref '{reference}' isn't new.");
            await stage.Client.CloseAsync();
            await connection.ClosedAsync();
        }
    }

    [Scenario("ack/position", "does", "It reports the position of a message, also if the message arrives after the ack.")]
    public static async Task AckPosition(Stage stage)
    {
        var connection = await stage.StartAsync();
        await stage.Client.SendAsync("a", "one");
        await stage.Client.SendAsync("b", "two");
        var refs = await connection.ReceiveAllAsync("one", "two");

        await connection.SendAsync(
            Frames.Message("e:2", "one"), Frames.Ack(refs[0], "e:2"), Frames.Ack(refs[1], "e:3"), Frames.Message("e:3", "two"));

        Assert.Equal(("e:2", "e:3"), (await stage.Client.OutcomeAsync("a"), await stage.Client.OutcomeAsync("b")));
        await stage.Client.SettleAsync(connection);
        Assert.Equal(["e:2 one", "e:3 two"], stage.Client.Story());
    }

    [Scenario("ack/without-position", "does", "It reports that a message was handled and not stored.")]
    public static async Task AckWithoutPosition(Stage stage)
    {
        var connection = await stage.StartAsync();
        await stage.Client.SendAsync("a", "hi");

        await connection.SendAsync(Frames.Ack((await connection.ReceiveAllAsync("hi"))[0], room: null));

        Assert.Null(await stage.Client.OutcomeAsync("a"));
    }

    [Scenario("send/again", "does", "On a new connection, it sends what isn't acknowledged again, in order, with the same refs.")]
    public static async Task SendAgain(Stage stage)
    {
        var connection = await stage.StartAsync();
        foreach (var text in new[] { "one", "two", "three" })
            await stage.Client.SendAsync(text, text);
        var refs = await connection.ReceiveAllAsync("one", "two", "three");
        await connection.SendAsync(Frames.Ack(refs[0], "e:2"));
        await stage.Client.OutcomeAsync("one");
        await connection.BreakAsync();
        await stage.Client.ExpectStateAsync("reconnecting");
        await stage.Client.SendAsync("four", "four");

        connection = await stage.WelcomeAsync();

        var again = await connection.ReceiveAllAsync("two", "three", "four");
        Assert.Equal(refs[1..], again[..2]);
        await connection.SendAsync(Frames.Ack(again[0], "e:3"), Frames.Ack(again[1], "e:4"), Frames.Ack(again[2], "e:5"));
        Assert.Equal("e:5", await stage.Client.OutcomeAsync("four"));
    }

    [Scenario("send/before-welcome", "does", "A message that is sent without a connection waits for one.")]
    public static async Task BeforeWelcome(Stage stage)
    {
        await stage.ConnectAsync();
        await stage.Client.SendAsync("a", "early");

        var connection = await stage.WelcomeAsync();

        await connection.ReceiveAsync("message", "early");
    }

    [Scenario("send/order-of-changes", "does", "Edits, deletions and messages keep their order, also on a new connection.")]
    public static async Task OrderOfChanges(Stage stage)
    {
        var connection = await stage.StartAsync("e:5");
        await stage.Client.SendAsync("a", "one");
        await stage.Client.EditAsync("b", "e:4", "new");
        await stage.Client.DeleteAsync("c", "e:5");
        await stage.Client.SendAsync("d", "two");

        async Task<(string?, string?, string?)[]> ReceiveAsync(ServerConnection from)
        {
            var frames = new List<(string?, string?, string?)>();
            foreach (var type in new[] { "message", "edit", "delete", "message" })
            {
                var frame = await from.ReceiveAsync(type);
                frames.Add((frame.Text("ref"), frame.Text("position"), frame.Text("data")));
            }

            return [.. frames];
        }

        var first = await ReceiveAsync(connection);
        (string?, string?)[] expected = [(null, "one"), ("e:4", "new"), ("e:5", null), (null, "two")];
        Assert.Equal(expected, first.Select(static frame => (frame.Item2, frame.Item3)).ToArray());
        await connection.BreakAsync();

        connection = await stage.WelcomeAsync();

        Assert.Equal(first, await ReceiveAsync(connection));
        foreach (var (reference, position, _) in first)
            await connection.SendAsync(Frames.Ack(reference, position ?? "e:6"));
        foreach (var id in new[] { "a", "b", "c", "d" })
            await stage.Client.OutcomeAsync(id);
    }

    [Scenario("send/too-old", "MUST NOT", "It doesn't send a message again that is too old, and reports that the outcome is unknown.")]
    public static async Task TooOld(Stage stage)
    {
        var connection = await stage.StartAsync(times: new Times { Resend = 300 });
        await stage.Client.SendAsync("a", "old");
        await connection.ReceiveAllAsync("old");
        await Task.Delay(400, CancellationToken.None); // Nothing can be awaited instead.
        await connection.BreakAsync();

        connection = await stage.LiveAsync();

        Assert.Equal("unknown", await stage.Client.OutcomeAsync("a"));
        await connection.HasSentNothingAsync();
    }

    [Scenario("send/other-user", "MUST NOT", "It doesn't send a message again as another user, and reports that the outcome is unknown.")]
    public static async Task OtherUser(Stage stage)
    {
        var connection = await stage.StartAsync();
        await stage.Client.SendAsync("a", "of ann");
        await connection.ReceiveAllAsync("of ann");
        await connection.BreakAsync();

        connection = await stage.LiveAsync(user: "bob");

        Assert.Equal("unknown", await stage.Client.OutcomeAsync("a"));
        await connection.HasSentNothingAsync();
    }

    [Scenario("send/closed", "does", "When the connection is closed for good, what was sent is unknown, and what wasn't sent is closed.")]
    public static async Task Closed(Stage stage)
    {
        var connection = await stage.StartAsync(times: new Times { Backoff = 600_000, BackoffLimit = 600_000 });
        await stage.Client.SendAsync("a", "sent");
        var refs = await connection.ReceiveAllAsync("sent");
        await connection.SendAsync(Frames.Error(refs[0], "unavailable")); // Nothing else is sent until the message is sent again.
        await connection.HasSentNothingAsync();
        await stage.Client.SendAsync("b", "waits");
        await connection.CloseAsync(1000);

        await stage.Client.ExpectStateAsync("closed");
        Assert.Equal("unknown", await stage.Client.OutcomeAsync("a"));
        Assert.Equal("closed", await stage.Client.OutcomeAsync("b"));
        await stage.Server.NothingArrivesAsync();
    }

    [Scenario("welcome/limit", "does", "It doesn't send a frame that is larger than the server's limit.")]
    public static async Task TooBig(Stage stage)
    {
        var connection = await stage.StartAsync(limit: 1_000);

        await stage.Client.SendAsync("a", new string('ü', 600));
        await stage.Client.SendAsync("b", "small");

        await connection.ReceiveAsync("message", "small");
        Assert.NotNull(await stage.Client.OutcomeAsync("a"));
    }

    [Scenario("error/refused", "does", "It reports a refusal, and never sends the message again.")]
    public static async Task Refused(Stage stage)
    {
        string[] codes = ["malformed", "forbidden", "not_joined", "muted", "unsupported"];
        var connection = await stage.StartAsync();
        foreach (var code in codes)
        {
            await stage.Client.SendAsync(code, code);
            await connection.SendAsync(Frames.Error((await connection.ReceiveAllAsync(code))[0], code));
            Assert.Equal(code, await stage.Client.OutcomeAsync(code));
        }

        await stage.Client.EditAsync("gone", "e:1", "new");
        await connection.SendAsync(Frames.Error((await connection.ReceiveAsync("edit")).Text("ref"), "gone"));
        Assert.Equal("gone", await stage.Client.OutcomeAsync("gone"));
        await connection.BreakAsync();

        connection = await stage.LiveAsync();

        await connection.HasSentNothingAsync();
    }

    [Scenario("error/unsupported", "does", "It continues if the server doesn't know a frame.")]
    public static async Task Unsupported(Stage stage)
    {
        var connection = await stage.StartAsync();
        await stage.Client.SignalAsync("typing");
        await connection.ReceiveAsync("signal");

        await connection.SendAsync(Frames.Error(null, "unsupported"), Frames.Message("e:2", "two"));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["e:2 two"], stage.Client.Story());
        Assert.Equal(1, stage.Server.Count);
    }

    [Scenario("error/failed", "does", "After 'failed' and 1011, it reconnects, and doesn't send the message again.")]
    public static async Task Failed(Stage stage)
    {
        var connection = await stage.StartAsync();
        await stage.Client.SendAsync("a", "bad");
        await stage.Client.SendAsync("b", "good");
        var refs = await connection.ReceiveAllAsync("bad", "good");
        await connection.SendAsync(Frames.Error(refs[0], "failed"));
        await connection.CloseAsync(1011);

        connection = await stage.WelcomeAsync();

        Assert.Equal(refs[1], (await connection.ReceiveAsync("message", "good")).Text("ref"));
        Assert.Equal("failed", await stage.Client.OutcomeAsync("a"));
    }

    [Scenario("error/unavailable", "MUST", "It sends the refused message and all later ones again, in order, with the same refs.")]
    public static async Task Unavailable(Stage stage)
    {
        var connection = await stage.StartAsync();
        string[] texts = ["one", "two", "three"];
        foreach (var text in texts)
            await stage.Client.SendAsync(text, text);
        var refs = await connection.ReceiveAllAsync(texts);

        await connection.SendAsync(Frames.Ack(refs[0], "e:2"), Frames.Error(refs[1], "unavailable"), Frames.Error(refs[2], "unavailable"));

        Assert.Equal(refs[1..], await connection.ReceiveAllAsync("two", "three"));
        await connection.SendAsync(Frames.Ack(refs[1], "e:3"), Frames.Ack(refs[2], "e:4"));
        Assert.Equal(("e:3", "e:4"), (await stage.Client.OutcomeAsync("two"), await stage.Client.OutcomeAsync("three")));
        await connection.HasSentNothingAsync();
    }

    [Scenario("error/unavailable-too-old", "does", "If the refused message is too old to be sent again, it opens a new connection.")]
    public static async Task UnavailableTooOld(Stage stage)
    {
        var connection = await stage.StartAsync(times: new Times { Resend = 200, Backoff = 50 });
        await stage.Client.SendAsync("a", "old");
        var refs = await connection.ReceiveAllAsync("old");
        await Task.Delay(300, CancellationToken.None); // Nothing can be awaited instead.

        await connection.SendAsync(Frames.Error(refs[0], "unavailable"));

        var next = await stage.LiveAsync();
        Assert.Equal("unknown", await stage.Client.OutcomeAsync("a"));
        await next.HasSentNothingAsync();
    }

    [Scenario("error/rate-limited", "does", "It sends the refused message and all later ones again, on a new connection, after 'retry'.")]
    public static async Task RateLimited(Stage stage)
    {
        const double Retry = 0.4;
        var connection = await stage.StartAsync(times: new Times { Refused = 60_000 });
        string[] texts = ["one", "two", "three"];
        foreach (var text in texts)
            await stage.Client.SendAsync(text, text);
        var refs = await connection.ReceiveAllAsync(texts);
        var start = Stopwatch.GetTimestamp();
        await connection.SendAsync(Frames.Ack(refs[0], "e:2"), Frames.Error(refs[1], "rate_limited", Retry));
        await connection.CloseAsync(1008);

        var next = await stage.WelcomeAsync();

        Stage.IsAtLeast(1_000 * Retry, start, next.Handshake);
        Assert.Equal(refs[1..], await next.ReceiveAllAsync("two", "three"));
    }

    [Scenario("error/rate-limited-often", "does", "It reconnects after 'rate_limited' as often as necessary.")]
    public static async Task RateLimitedOften(Stage stage)
    {
        await stage.ConnectAsync(new Times { Refused = 60_000 });
        await stage.Client.SendAsync("a", "hi");
        for (var i = 0; i < 5; i++)
        {
            var connection = await stage.WelcomeAsync();
            var refs = await connection.ReceiveAllAsync("hi");
            await connection.SendAsync(Frames.Error(refs[0], "rate_limited", 0.01));
            await connection.CloseAsync(1008);
        }

        Assert.False(stage.Client.HasOutcome("a"));
        await (await stage.WelcomeAsync()).ReceiveAsync("message", "hi");
    }

    [Scenario("error/rate-limited-without-retry", "does", "Without 'retry', it waits 10 seconds (here: 0.3).")]
    public static Task RateLimitedWithoutRetry(Stage stage) => RateLimitedAsync(stage, static connection => connection.CloseAsync(1008));

    [Scenario("error/rate-limited-broken", "does", "It waits as well if the connection breaks before the close frame.")]
    public static Task RateLimitedBroken(Stage stage) => RateLimitedAsync(stage, static connection => connection.BreakAsync());

    private static async Task RateLimitedAsync(Stage stage, Func<ServerConnection, Task> end)
    {
        const int Refused = 300;
        var connection = await stage.StartAsync(times: new Times { Refused = Refused });
        await stage.Client.SendAsync("a", "hi");
        var refs = await connection.ReceiveAllAsync("hi");
        await connection.SendAsync(Frames.Error(refs[0], "rate_limited"));
        var start = Stopwatch.GetTimestamp();
        await end(connection);

        Stage.IsAtLeast(Refused, start, await stage.Server.NextAsync());
    }
}

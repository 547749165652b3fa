using System.Diagnostics;
using ChatKit.ClientScenarios.Server;

namespace ChatKit.ClientScenarios.Scenarios;

/// <summary>docs/protocol.md, "restart", "expires" and "Replacing a connection".</summary>
internal static class Replacing
{
    private const double Retry = 0.3;

    [Scenario("restart/closed-at-once", "does", "If the server closes the connection just after 'restart', it comes back after 'retry'.")]
    public static async Task ClosedAtOnce(Stage stage)
    {
        var connection = await stage.StartAsync();
        var start = Stopwatch.GetTimestamp();
        await connection.SendAsync(Frames.Restart(Retry));
        await connection.CloseAsync(1012);

        var next = await stage.LiveAsync();

        Stage.IsAtLeast(1_000 * Retry, start, next.Handshake);
        Assert.Equal(["lobby~e:1"], next.Handshake.After);
    }

    [Scenario("restart/not-before-retry", "does", "It opens its next connection after 'retry'.")]
    public static async Task NotBeforeRetry(Stage stage)
    {
        var connection = await stage.StartAsync();

        var start = await Stage.TimeAsync(() => connection.SendAsync(Frames.Restart(Retry)));

        Stage.IsAtLeast(1_000 * Retry, start, await stage.Server.NextAsync());
        Assert.True(connection.IsOpen);
    }

    [Scenario("restart/closed-later", "does", "If the server closes the connection after 'retry' has passed, it doesn't wait for 'retry' again.")]
    public static async Task ClosedLater(Stage stage)
    {
        var times = new Times();
        var connection = await stage.StartAsync(times: times);
        await connection.SendAsync(Frames.Restart(Retry));
        var next = await stage.Server.NextAsync(); // It isn't answered, so the current connection isn't replaced in time.

        await connection.CloseAsync(1012);

        next.Abort();
        Assert.InRange(await stage.DelayAsync(), 0, times.BackoffLimit + 1);
        await stage.LiveAsync();
    }

    [Scenario("restart/make-before-break", "SHOULD", "After 'restart', it opens the next connection before it leaves this one, with 1000.")]
    public static async Task MakeBeforeBreak(Stage stage)
    {
        var (old, next) = await MoveAsync(stage);
        Assert.Equal(["lobby~e:1"], next.Handshake.After);
        Assert.Equal(["c1"], next.Handshake.Former);
        Assert.True(old.IsOpen);

        await next.SendAsync(Frames.Live("e:1"));

        Assert.Equal(1000, await old.ClosedAsync());
        await next.SendAsync(Frames.Message("e:2", "two"));
        await stage.Client.SettleAsync(next);
        Assert.Equal(["e:2 two"], stage.Client.Story());
        Assert.DoesNotContain("reconnecting", stage.Client.Story("state"));
    }

    [Scenario("expires/make-before-break", "SHOULD", "It opens its next connection before its credentials expire, and then leaves this one.")]
    public static async Task Expires(Stage stage)
    {
        const int Expires = 2;
        var old = await stage.StartAsync(expires: Expires);
        var start = Stopwatch.GetTimestamp();

        var next = await stage.WelcomeAsync();

        // A machine that is busy delays timers.
        Assert.InRange(Stopwatch.GetElapsedTime(start, next.Handshake.Timestamp).TotalSeconds, 0.1, Expires + 1);
        Assert.True(old.IsOpen);
        await next.SendAsync(Frames.Live("e:1"));
        Assert.Equal(1000, await old.ClosedAsync());
    }

    [Scenario("replace/from-the-current-one", "does", "Until the new connection has caught up, it receives and sends on the current one.")]
    public static async Task FromTheCurrentOne(Stage stage)
    {
        var (old, next) = await MoveAsync(stage);
        await next.SendAsync(Frames.Message("e:2", "two"), Frames.Message("e:3", "three"));
        await next.PingAsync();
        await old.SendAsync(Frames.Message("e:2", "two"));
        await stage.Client.SettleAsync(old);
        Assert.Equal(["e:2 two"], stage.Client.Story());
        await stage.Client.SendAsync("a", "hi");
        await old.SendAsync(Frames.Ack((await old.ReceiveAllAsync("hi"))[0], "e:4"));
        await stage.Client.OutcomeAsync("a");

        await next.SendAsync(Frames.Live("e:3"), Frames.Message("e:4", "hi"));

        await old.ClosedAsync();
        await stage.Client.SettleAsync(next);
        Assert.Equal(["e:2 two", "e:3 three", "e:4 hi"], stage.Client.Story());
    }

    [Scenario("replace/no-duplicates", "MUST", "It reports once what arrives on both connections, in order.")]
    public static async Task NoDuplicates(Stage stage)
    {
        var (old, next) = await MoveAsync(stage);
        await old.SendAsync(Frames.Message("e:2", "two"), Frames.Change("e:1", 1, "eins"), Frames.Message("e:3", "three"));
        await stage.Client.SettleAsync(old);

        await next.SendAsync(
            Frames.Change("e:1", 1, "eins"), Frames.Message("e:2", "two"), Frames.Message("e:3", "three"), Frames.Message("e:4", "four"),
            Frames.Live("e:4", revision: 1));

        await old.ClosedAsync();
        await stage.Client.SettleAsync(next);
        Assert.Equal(["e:2 two", "change e:1 eins", "e:3 three", "e:4 four"], stage.Client.Story());
    }

    [Scenario("replace/signals", "does", "It reports a signal once that arrives on both connections.")]
    public static async Task Signals(Stage stage)
    {
        var (old, next) = await MoveAsync(stage);
        await old.SendAsync(Frames.Signal("typing"));
        await next.SendAsync(Frames.Signal("typing"));
        await stage.Client.SettleAsync(old);
        await next.PingAsync();

        await next.SendAsync(Frames.Live("e:1"));

        await old.ClosedAsync();
        await stage.Client.SettleAsync(next);
        Assert.Equal(["signal typing"], stage.Client.Story("signal"));
    }

    [Scenario("replace/epoch-change", "MUST", "It reports no message again if the current connection has followed the room into another epoch.")]
    public static async Task EpochChange(Stage stage)
    {
        var (old, next) = await MoveAsync(stage);
        await next.SendAsync(Frames.Message("e:2", "two"));
        await next.PingAsync();
        await old.SendAsync(Frames.Message("e:2", "two"), Frames.Message("f:3", "three"));
        await stage.Client.SettleAsync(old);

        await next.SendAsync(Frames.Message("f:3", "three"), Frames.Live("f:3"));

        await old.ClosedAsync();
        await next.SendAsync(Frames.Message("f:4", "four"));
        await stage.Client.SettleAsync(next);
        Assert.Equal(["e:2 two", "f:3 three", "f:4 four"], stage.Client.Story());
    }

    [Scenario("replace/behind", "MUST", "Its position doesn't go back if the new connection is in an earlier epoch when it has caught up.")]
    public static async Task Behind(Stage stage)
    {
        var (old, next) = await MoveAsync(stage);
        await old.SendAsync(Frames.Message("f:2", "two"));
        await stage.Client.SettleAsync(old);

        await next.SendAsync(Frames.Live("e:1"));

        await old.ClosedAsync();
        await next.SendAsync(Frames.Message("f:2", "two"), Frames.Message("f:3", "three"));
        await stage.Client.SettleAsync(next);
        Assert.Equal(["f:2 two", "f:3 three"], stage.Client.Story());
    }

    [Scenario("replace/reset", "MUST", "It reports no message again if the current connection has followed the room into a new stream.")]
    public static async Task Reset(Stage stage)
    {
        var (old, next) = await MoveAsync(stage);
        await next.SendAsync(Frames.Message("e:2", "two"));
        await next.PingAsync();
        await old.SendAsync(Frames.Message("e:2", "two"), Frames.Gap("e:2", "f:1", null), Frames.Message("f:1", "one"));
        await stage.Client.SettleAsync(old);

        await next.SendAsync(Frames.Gap("e:2", "f:1", null), Frames.Message("f:1", "one"), Frames.Live("f:1", recovered: false));

        await old.ClosedAsync();
        await next.SendAsync(Frames.Message("f:2", "two"));
        await stage.Client.SettleAsync(next);
        Assert.Equal(["e:2 two", "gap reset", "f:1 one", "f:2 two"], stage.Client.Story());
    }

    [Scenario("replace/refs", "MUST", "The refs with which it joins rooms on the new connection can't be guessed.")]
    public static async Task Refs(Stage stage)
    {
        var connection = await stage.StartAsync();
        await stage.JoinAsync(connection, "team", "t:1");
        var refs = new HashSet<string>();
        for (var i = 0; i < 2; i++)
        {
            await connection.SendAsync(Frames.Restart(0.01));
            var next = await stage.WelcomeAsync();
            var reference = (await next.ReceiveAsync("join")).Text("ref")!;
            Assert.True(reference.Length >= 16, $"The ref '{reference}' is short.");
            Assert.True(refs.Add(reference), $"The ref '{reference}' isn't new.");
            await next.SendAsync(Frames.Ack(reference, room: "team"), Frames.Live("t:1", "team"), Frames.Live("e:1"));
            await connection.ClosedAsync();
            connection = next;
        }
    }

    [Scenario("replace/rooms", "does", "It joins its rooms on the new connection, and waits for 'live' in each.")]
    public static async Task Rooms(Stage stage)
    {
        var old = await stage.StartAsync();
        await stage.JoinAsync(old, "team", "t:1");
        await old.SendAsync(Frames.Restart(0.01));
        var next = await stage.WelcomeAsync();
        await next.SendAsync(Frames.Live("e:1"));
        await next.AcceptJoinAsync("team");
        await next.PingAsync();
        Assert.True(old.IsOpen);
        await old.SendAsync(Frames.Message("t:2", "two", "team"));
        await stage.Client.SettleAsync(old);
        Assert.Equal(["t:2 two"], stage.Client.Story());

        await next.SendAsync(Frames.Message("t:2", "two", "team"), Frames.Live("t:2", "team"));

        Assert.Equal(1000, await old.ClosedAsync());
        await stage.Client.SettleAsync(next);
        Assert.Equal(["t:2 two"], stage.Client.Story());
    }

    [Scenario("replace/waits-for-answers", "does", "It waits until the current connection has answered its requests.")]
    public static async Task WaitsForAnswers(Stage stage)
    {
        var (old, next) = await MoveAsync(stage);
        await stage.Client.SendAsync("a", "hi");
        var refs = await old.ReceiveAllAsync("hi");
        await next.SendAsync(Frames.Live("e:1"));
        await next.HasSentNothingAsync();
        Assert.True(old.IsOpen);

        await old.SendAsync(Frames.Ack(refs[0], "e:2"));

        Assert.Equal("e:2", await stage.Client.OutcomeAsync("a"));
        await old.ClosedAsync();
        await next.HasSentNothingAsync();
    }

    [Scenario("replace/sends-again", "does", "What the old connection hasn't acknowledged in time, it sends again on the new one, in order.")]
    public static async Task SendsAgain(Stage stage)
    {
        var (old, next) = await MoveAsync(stage, new Times { Grace = 50 });
        await stage.Client.SendAsync("a", "one");
        await stage.Client.SendAsync("b", "two");
        var refs = await old.ReceiveAllAsync("one", "two");

        await next.SendAsync(Frames.Live("e:1"));

        Assert.Equal(refs, await next.ReceiveAllAsync("one", "two"));
        await next.SendAsync(Frames.Ack(refs[0], "e:2"), Frames.Ack(refs[1], "e:3"));
        Assert.Equal(("e:2", "e:3"), (await stage.Client.OutcomeAsync("a"), await stage.Client.OutcomeAsync("b")));
    }

    [Scenario("replace/ping", "MUST", "It answers pings on both connections.")]
    public static async Task Ping(Stage stage)
    {
        var (old, next) = await MoveAsync(stage);

        await next.PingAsync();
        await old.PingAsync();
    }

    [Scenario("replace/silent", "does", "It keeps a new connection that is silent for less than twice the time in 'welcome'.")]
    public static async Task Silent(Stage stage)
    {
        const int Fallback = 1_000;
        var (old, next) = await MoveAsync(stage, new Times { Fallback = Fallback });
        await Task.Delay(Fallback + 200, CancellationToken.None); // Nothing can be awaited instead.
        Assert.True(old.IsOpen);

        await next.SendAsync(Frames.Live("e:1"));

        Assert.Equal(1000, await old.ClosedAsync());
        Assert.Equal(2, stage.Server.Count);
    }

    [Scenario("replace/dead-peer", "SHOULD", "It gives up a new connection that is silent for twice the time in 'welcome', and tries again.")]
    public static async Task DeadPeer(Stage stage)
    {
        const double Ping = 0.2;
        var start = Stopwatch.GetTimestamp();
        var (old, _) = await MoveAsync(stage, ping: Ping);

        var handshake = await stage.Server.NextAsync();

        Stage.IsAtLeast(2_000 * Ping, start, handshake);
        Assert.True(old.IsOpen);
    }

    [Scenario("replace/refused", "does", "If the new connection is refused, it keeps the current one, and tries again.")]
    public static async Task Refused(Stage stage)
    {
        var (old, next) = await MoveAsync(stage, new Times { Busy = 50, Refused = 50 });
        await next.CloseAsync(1013);

        next = await stage.WelcomeAsync();
        await old.SendAsync(Frames.Message("e:2", "two"));
        await stage.Client.SettleAsync(old);
        Assert.Equal(["e:2 two"], stage.Client.Story());
        Assert.DoesNotContain("reconnecting", stage.Client.Story("state"));
        await next.SendAsync(Frames.Message("e:2", "two"), Frames.Live("e:2"));

        Assert.Equal(1000, await old.ClosedAsync());
    }

    [Scenario("replace/final-code", "does", "Also if the new connection ends with a code that would close the client, it tries again.")]
    public static async Task FinalCode(Stage stage)
    {
        var (old, next) = await MoveAsync(stage);
        await next.CloseAsync(1009);

        next = await stage.WelcomeAsync();
        await next.SendAsync(Frames.Live("e:1"));

        Assert.Equal(1000, await old.ClosedAsync());
        Assert.DoesNotContain("closed", stage.Client.Story("state"));
    }

    [Scenario("replace/restart", "does", "A 'restart' on the new connection counts when that takes over.")]
    public static async Task RestartOfTheNewOne(Stage stage)
    {
        var (old, next) = await MoveAsync(stage);
        await next.SendAsync(Frames.Restart(0.01));
        await next.SendAsync(Frames.Live("e:1"));
        Assert.Equal(1000, await old.ClosedAsync());

        var third = await stage.WelcomeAsync();

        Assert.True(next.IsOpen);
        await third.SendAsync(Frames.Live("e:1"));
        Assert.Equal(1000, await next.ClosedAsync());
    }

    [Scenario("replace/ephemeral", "does", "It reports a message without a position once that arrives on both connections.")]
    public static async Task Ephemeral(Stage stage)
    {
        var (old, next) = await MoveAsync(stage);
        await next.SendAsync(Frames.Message(null, "now"), Frames.Message(null, "now"), Frames.Message(null, "later"));
        await next.PingAsync();
        await old.SendAsync(Frames.Message(null, "now"), Frames.Message(null, "now"));
        await stage.Client.SettleAsync(old);

        await next.SendAsync(Frames.Live("e:1"));

        await old.ClosedAsync();
        await stage.Client.SettleAsync(next);
        Assert.Equal(["now", "now", "later"], stage.Client.Story());
    }

    [Scenario("replace/join-refused", "does", "If a room is refused on the new connection, it reports this when that takes over.")]
    public static async Task JoinRefused(Stage stage)
    {
        var (old, next, reference) = await MoveWithRoomAsync(stage);
        await next.SendAsync(Frames.Error(reference, "forbidden"));
        await next.PingAsync();
        await old.SendAsync(Frames.Message("t:2", "two", "team"));
        await stage.Client.SettleAsync(old);
        Assert.Equal(["t:2 two"], stage.Client.Story());
        Assert.Empty(stage.Client.Story("refused"));

        await next.SendAsync(Frames.Live("e:1"));

        Assert.Equal(1000, await old.ClosedAsync());
        Assert.Equal("forbidden", (await stage.Client.ExpectAsync("refused")).Text("code"));
    }

    [Scenario("replace/left", "does", "If the server takes it out of a room meanwhile, it isn't in that room after the move.")]
    public static async Task Left(Stage stage)
    {
        var (old, next, reference) = await MoveWithRoomAsync(stage);
        await next.SendAsync(Frames.Ack(reference, room: "team"), Frames.Message("t:2", "not for you", "team"), Frames.Live("t:2", "team"));
        await next.PingAsync();
        await old.SendAsync(Frames.Of("left", ("room", "team")));
        await stage.Client.ExpectAsync("left");

        // The client can leave the room on the new connection, or leave this connection.
        var leaving = next.ReceiveAsync("leave");
        await Task.WhenAny(leaving, next.ClosedAsync());
        if (next.IsOpen)
            await next.SendAsync(Frames.Ack((await leaving).Text("ref"), room: "team"));
        else
            next = await stage.WelcomeAsync();

        await next.SendAsync(Frames.Live("e:1"));
        await old.ClosedAsync();
        await stage.Client.SettleAsync(next);
        Assert.Empty(stage.Client.Story());
    }

    [Scenario("replace/old-one-ends", "does", "If the current connection ends first, the new one takes over at once.")]
    public static async Task OldOneEnds(Stage stage)
    {
        var (old, next) = await MoveAsync(stage);
        await stage.Client.SendAsync("a", "hi");
        var refs = await old.ReceiveAllAsync("hi");

        await old.CloseAsync(1012);

        Assert.Equal(refs, await next.ReceiveAllAsync("hi"));
        await next.SendAsync(Frames.Message("e:2", "two"), Frames.Live("e:2"));
        await stage.Client.SettleAsync(next);
        Assert.Equal(["e:2 two"], stage.Client.Story());
        Assert.Equal(2, stage.Server.Count);
    }

    /// <summary>As below, in a room that the client has asked to join on the other connection as well. Returns the ref.</summary>
    private static async Task<(ServerConnection Old, ServerConnection Next, string? Ref)> MoveWithRoomAsync(Stage stage)
    {
        var old = await stage.StartAsync();
        await stage.JoinAsync(old, "team", "t:1");
        await old.SendAsync(Frames.Restart(0.01));
        var next = await stage.WelcomeAsync();
        return (old, next, (await next.ReceiveAsync("join")).Text("ref"));
    }

    /// <summary>Lets the client begin to move from its connection to another one, which has sent <c>welcome</c>.</summary>
    private static async Task<(ServerConnection Old, ServerConnection Next)> MoveAsync(Stage stage, Times? times = null, double ping = 20)
    {
        var old = await stage.StartAsync(times: times);
        await old.SendAsync(Frames.Restart(0.01));
        return (old, await stage.WelcomeAsync(ping: ping));
    }
}

using ChatKit.ClientScenarios.Server;

namespace ChatKit.ClientScenarios.Scenarios;

/// <summary>docs/protocol.md, "What the server sends": messages, changes, gaps, and live.</summary>
internal static class Receiving
{
    [Scenario("message/contents", "does", "It reports texts, bytes and JSON, and who has sent them.")]
    public static async Task Contents(Stage stage)
    {
        var connection = await stage.StartAsync();

        await connection.SendAsync(
            """{"type":"message","room":"lobby","position":"e:2","from":"bob","at":"2026-11-22T18:00:00.123Z","data":"grüß dich \"👋\""}""",
            """{"type":"message","room":"lobby","position":"e:3","from":"bob","at":"2026-11-22T18:00:00.123Z","base64":"AP8="}""",
            """{"type":"message","room":"lobby","position":"e:4","at":"2026-11-22T18:00:00.123Z","json":{"a":[1,null]}}""");

        Assert.Equal("bob", (await stage.Client.ExpectAsync("message")).Text("from"));
        await stage.Client.SettleAsync(connection);
        Assert.Equal(["e:2 grüß dich \"👋\"", "e:3 AP8=", """e:4 {"a":[1,null]}"""], stage.Client.Story());
    }

    [Scenario("message/edited", "does", "It reports that a message was edited or deleted before.")]
    public static async Task Edited(Stage stage)
    {
        var connection = await stage.StartAsync();

        await connection.SendAsync(
            """{"type":"message","room":"lobby","position":"e:2","at":"2026-11-22T18:00:00Z","data":"new","edited":"2026-11-22T18:01:00Z"}""",
            """{"type":"message","room":"lobby","position":"e:3","at":"2026-11-22T18:00:00Z","deleted":true,"edited":"2026-11-22T18:01:00Z"}""");

        Assert.Equal("true", (await stage.Client.ExpectAsync("message")).Text("edited"));
        Assert.Equal("true", (await stage.Client.ExpectAsync("message")).Text("deleted"));
    }

    [Scenario("message/duplicate", "MUST", "It drops a message whose position it has already seen.")]
    public static async Task Duplicate(Stage stage)
    {
        var connection = await stage.StartAsync();
        await connection.SendAsync(Frames.Message("e:2", "two"), Frames.Message("e:3", "three"));
        await connection.SendAsync(Frames.Message("e:2", "again"), Frames.Message("e:3", "again"), Frames.Message("e:4", "four"));
        await connection.BreakAsync();

        connection = await stage.WelcomeAsync();
        await connection.SendAsync(Frames.Message("e:4", "again"), Frames.Message("e:5", "five"), Frames.Live("e:5"));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["e:2 two", "e:3 three", "e:4 four", "e:5 five"], stage.Client.Story());
    }

    [Scenario("message/hole", "SHOULD", "It treats a hole between two positions like a gap.")]
    public static async Task Hole(Stage stage)
    {
        var connection = await stage.StartAsync();

        await connection.SendAsync(Frames.Message("e:2", "two"), Frames.Message("e:6", "six"));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["e:2 two", "gap 3", "e:6 six"], stage.Client.Story());
    }

    [Scenario("message/ephemeral", "does", "It reports each message without a position, also equal ones, and one without a room.")]
    public static async Task Ephemeral(Stage stage)
    {
        var connection = await stage.StartAsync();

        await connection.SendAsync(Frames.Message(null, "now"), Frames.Message(null, "now"), Frames.Message(null, "for you", null));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["now", "now", "for you"], stage.Client.Story());
    }

    [Scenario("change/content", "does", "It reports edits and deletions, by the position of the message.")]
    public static async Task ChangeContent(Stage stage)
    {
        var connection = await stage.StartAsync();

        await connection.SendAsync(Frames.Message("e:2", "two"), Frames.Change("e:2", 1, "zwei"), Frames.Change("e:1", 2, null));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["e:2 two", "change e:2 zwei", "change e:1 deleted"], stage.Client.Story());
    }

    [Scenario("change/not-newer", "does", "It ignores a change whose revision isn't greater than that of the message's last change.")]
    public static async Task ChangeNotNewer(Stage stage)
    {
        var connection = await stage.StartAsync("e:3");
        await connection.SendAsync(Frames.Change("e:2", 5, "new"));

        await connection.SendAsync(Frames.Change("e:2", 5, "again"), Frames.Change("e:2", 4, "older"), Frames.Change("e:2", 6, "newer"));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["change e:2 new", "change e:2 newer"], stage.Client.Story());
    }

    [Scenario("change/other-epoch", "does", "A change in another epoch means the message with the same number.")]
    public static async Task ChangeInOtherEpoch(Stage stage)
    {
        var connection = await stage.StartAsync();
        await connection.SendAsync(Frames.Message("e:2", "two"), Frames.Message("f:3", "three"));

        await connection.SendAsync(Frames.Change("f:2", 1, "zwei"), Frames.Change("f:3", 2, "drei"));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["e:2 two", "f:3 three", "change e:2 zwei", "change f:3 drei"], stage.Client.Story());
    }

    [Scenario("change/after-reset", "does", "After a reset, it ignores changes of the messages that it received before.")]
    public static async Task ChangeAfterReset(Stage stage)
    {
        var connection = await stage.StartAsync("e:3", revision: 4);
        await connection.BreakAsync();

        connection = await stage.WelcomeAsync();
        await connection.SendAsync(
            Frames.Gap("e:3", "f:1", null), Frames.Change("f:2", 1, "not for you"), Frames.Message("f:1", "one"), Frames.Message("f:2", "two"),
            Frames.Live("f:2", revision: 1, recovered: false), Frames.Change("f:2", 2, "zwei"));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["gap reset", "f:1 one", "f:2 two", "change f:2 zwei"], stage.Client.Story());
    }

    [Scenario("gap/announced", "SHOULD", "It reports a gap once, before the message that follows.")]
    public static async Task GapAnnounced(Stage stage)
    {
        var connection = await stage.StartAsync("e:2");
        await connection.BreakAsync();

        connection = await stage.WelcomeAsync();
        await connection.SendAsync(Frames.Gap("e:2", "e:10", 7), Frames.Message("e:10", "ten"), Frames.Live("e:10", recovered: false));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["gap 7", "e:10 ten"], stage.Client.Story());
        var gap = await stage.Client.ExpectAsync("gap");
        Assert.Equal(("e:2", "e:10"), (gap.Text("after"), gap.Text("next")));
    }

    [Scenario("gap/two", "does", "A gap can follow where another one ends.")]
    public static async Task TwoGaps(Stage stage)
    {
        var connection = await stage.StartAsync("e:2");
        await connection.BreakAsync();

        connection = await stage.WelcomeAsync();
        await connection.SendAsync(
            Frames.Gap("e:2", "e:5", 2), Frames.Gap("e:4", "e:8", 3), Frames.Message("e:8", "eight"), Frames.Live("e:8", recovered: false));

        await stage.Client.SettleAsync(connection);
        var story = stage.Client.Story();
        Assert.Equal("e:8 eight", story[^1]);
        Assert.Equal(5, story[..^1].Sum(static text => int.Parse(text["gap ".Length..], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Scenario("gap/broken", "does", "If the connection breaks before the message that follows, its position hasn't moved.")]
    public static async Task GapBroken(Stage stage)
    {
        var connection = await stage.StartAsync("e:2");
        await connection.SendAsync(Frames.Gap("e:2", "e:10", 7));
        await connection.BreakAsync();

        connection = await stage.WelcomeAsync();
        Assert.Equal(["lobby~e:2"], connection.Handshake.After);
        await connection.SendAsync(Frames.Gap("e:2", "e:12", 9), Frames.Message("e:12", "twelve"), Frames.Live("e:12", recovered: false));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["gap 9", "e:12 twelve"], stage.Client.Story()[^2..]);
    }

    [Scenario("gap/reset", "does", "With a reset, it follows the new stream, and forgets the revision.")]
    public static async Task GapReset(Stage stage)
    {
        var connection = await stage.StartAsync("e:7", revision: 4);
        await connection.BreakAsync();

        connection = await stage.WelcomeAsync();
        await connection.SendAsync(
            Frames.Gap("e:7", "f:1", null), Frames.Message("f:1", "one"), Frames.Message("f:2", "two"), Frames.Live("f:2", recovered: false));
        await stage.Client.SettleAsync(connection);
        Assert.Equal(["gap reset", "f:1 one", "f:2 two"], stage.Client.Story());

        await connection.BreakAsync();
        Assert.Equal(["lobby~f:2"], (await stage.Server.NextAsync()).After);
    }

    [Scenario("gap/reset-empty", "does", "With a reset of a room that is empty now, its position is ':0'.")]
    public static async Task GapResetEmpty(Stage stage)
    {
        var connection = await stage.StartAsync("e:7");
        await connection.BreakAsync();

        connection = await stage.WelcomeAsync();
        await connection.SendAsync(Frames.Gap("e:7", null, null), Frames.Live(":0", recovered: false));
        await connection.BreakAsync();
        connection = await stage.WelcomeAsync();
        Assert.Equal(["lobby~:0"], connection.Handshake.After);
        await connection.SendAsync(Frames.Message("f:1", "one"), Frames.Live("f:1"));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["gap reset", "f:1 one"], stage.Client.Story());
    }

    [Scenario("gap/other-epoch", "does", "An epoch that changes while the numbers continue is no gap.")]
    public static async Task NoGapInOtherEpoch(Stage stage)
    {
        var connection = await stage.StartAsync("e:1");

        await connection.SendAsync(Frames.Message("e:2", "two"), Frames.Message("f:3", "three"), Frames.Message("f:4", "four"));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["e:2 two", "f:3 three", "f:4 four"], stage.Client.Story());
    }

    [Scenario("live/order", "does", "It reports 'live' between the old messages and the new ones.")]
    public static async Task LiveOrder(Stage stage)
    {
        await stage.ConnectAsync();
        var connection = await stage.WelcomeAsync();

        await connection.SendAsync(Frames.Message("e:1", "old"), Frames.Live("e:1", recovered: false), Frames.Message("e:2", "new"));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["e:1 old", "live", "e:2 new"], stage.Client.Story("message", "gap", "live"));
        Assert.Equal("false", (await stage.Client.ExpectAsync("live")).Text("recovered"));
        await stage.Client.ExpectStateAsync("live");
    }

    [Scenario("live/reads", "does", "It reports what the user has read, and what is unread.")]
    public static async Task LiveReads(Stage stage)
    {
        await stage.ConnectAsync();
        var connection = await stage.WelcomeAsync();

        await connection.SendAsync("""{"type":"live","room":"lobby","position":"e:9","recovered":true,"read":"e:4","unread":5}""");

        var live = await stage.Client.ExpectAsync("live");
        Assert.Equal(("true", "e:4", "5"), (live.Text("recovered"), live.Text("read"), live.Text("unread")));
    }
}

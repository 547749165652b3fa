using ChatKit.ClientScenarios.Server;

namespace ChatKit.ClientScenarios.Scenarios;

/// <summary>docs/protocol.md, "What the server sends": presence, signals, reads, and rooms that come and go.</summary>
internal static class Events
{
    [Scenario("presence/list", "does", "It keeps the list of a room, with the data of its members.")]
    public static async Task PresenceList(Stage stage)
    {
        var connection = await stage.StartAsync();

        await connection.SendAsync(
            """{"type":"presence","room":"lobby","here":["ann","bob"],"members":{"bob":{"name":"Bob"}}}""",
            """{"type":"presence","room":"lobby","joined":["carl"],"members":{"carl":1}}""",
            """{"type":"presence","room":"lobby","left":["bob"]}""",
            """{"type":"presence","room":"lobby","changed":["ann","carl"],"members":{"ann":{"name":"Ann"}}}""");

        await stage.Client.ExpectAsync("presence", static happened => happened.Text("here") == """["ann","bob"]""");
        await stage.Client.ExpectAsync("presence", static happened => happened.Text("here") == """["ann","bob","carl"]""");
        await stage.Client.ExpectAsync("presence", static happened => happened.Text("here") == """["ann","carl"]""");
        var last = await stage.Client.ExpectAsync("presence");
        Assert.Equal(("""["ann","carl"]""", """{"ann":{"name":"Ann"}}"""), (last.Text("here"), last.Text("members")));
    }

    [Scenario("presence/count", "does", "With a count only, it knows no list until the next one.")]
    public static async Task PresenceCount(Stage stage)
    {
        var connection = await stage.StartAsync();

        await connection.SendAsync(
            """{"type":"presence","room":"lobby","here":["ann"]}""", """{"type":"presence","room":"lobby","count":1234}""");

        await stage.Client.ExpectAsync("presence");
        var counted = await stage.Client.ExpectAsync("presence");
        Assert.Equal(("[]", "1234"), (counted.Text("here"), counted.Text("count")));
    }

    [Scenario("presence/again", "does", "The list of a new connection replaces the former one.")]
    public static async Task PresenceAgain(Stage stage)
    {
        var connection = await stage.StartAsync();
        await connection.SendAsync("""{"type":"presence","room":"lobby","here":["ann","bob"]}""");
        await connection.BreakAsync();

        connection = await stage.LiveAsync();
        await connection.SendAsync("""{"type":"presence","room":"lobby","here":["ann"]}""");

        await stage.Client.ExpectAsync("presence", static happened => happened.Text("here") == """["ann"]""");
    }

    [Scenario("signal/received", "does", "It reports signals.")]
    public static async Task Signal(Stage stage)
    {
        var connection = await stage.StartAsync();

        await connection.SendAsync(Frames.Signal("deploying", "in 5 minutes"));

        var signal = await stage.Client.ExpectAsync("signal");
        Assert.Equal(("lobby", "bob", "deploying", "in 5 minutes"),
            (signal.Text("room"), signal.Text("from"), signal.Text("name"), signal.Text("data")));
    }

    [Scenario("signal/rate", "SHOULD", "It sends at most one signal of a name every 2 seconds (here: an hour).")]
    public static async Task SignalRate(Stage stage)
    {
        var connection = await stage.StartAsync(times: new Times { Signal = 3_600_000 });

        for (var i = 0; i < 5; i++)
            await stage.Client.SignalAsync("typing");
        await stage.Client.SendAsync("a", "hi");

        Assert.Equal("typing", (await connection.ReceiveAsync("signal")).Text("name"));
        await connection.ReceiveAsync("message", "hi");
    }

    [Scenario("signal/never-again", "does", "It never sends a signal again.")]
    public static async Task SignalNeverAgain(Stage stage)
    {
        var connection = await stage.StartAsync();
        await stage.Client.SignalAsync("typing", "here");
        Assert.Equal("here", (await connection.ReceiveAsync("signal")).Text("data"));
        await connection.BreakAsync();

        connection = await stage.LiveAsync();

        await connection.HasSentNothingAsync();
    }

    [Scenario("read/received", "does", "It reports what users have read.")]
    public static async Task Read(Stage stage)
    {
        var connection = await stage.StartAsync("e:5");

        await connection.SendAsync(Frames.Read("e:4", "bob"));

        var read = await stage.Client.ExpectAsync("read");
        Assert.Equal(("lobby", "bob", "e:4"), (read.Text("room"), read.Text("user"), read.Text("position")));
    }

    [Scenario("read/later-one-counts", "does", "Of two positions of one epoch, it keeps the later one.")]
    public static async Task ReadLaterOneCounts(Stage stage)
    {
        var connection = await stage.StartAsync("e:5");

        await connection.SendAsync(Frames.Read("e:4", "bob"), Frames.Read("e:3", "bob"), Frames.Read("e:2"), Frames.Read("e:5", "bob"));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["read e:4", "read e:2", "read e:5"], stage.Client.Story("read"));
    }

    [Scenario("read/before-live", "does", "A position that arrives before 'live' counts if it is later than that in 'live'.")]
    public static async Task ReadBeforeLive(Stage stage)
    {
        await stage.ConnectAsync();
        var connection = await stage.WelcomeAsync();

        await connection.SendAsync(
            Frames.Read("e:6"), """{"type":"live","room":"lobby","position":"e:9","recovered":true,"read":"e:4","unread":5}""",
            Frames.Read("e:5"));

        Assert.Equal("e:6", (await stage.Client.ExpectAsync("live")).Text("read"));
        await stage.Client.SettleAsync(connection);
        Assert.Equal(["read e:6"], stage.Client.Story("read"));
    }

    [Scenario("read/sent", "does", "It sends the latest position, and not each one.")]
    public static async Task ReadSent(Stage stage)
    {
        var connection = await stage.StartAsync("e:9", new Times { Read = 500 });

        await Task.WhenAll(Enumerable.Range(1, 9).Select(i => stage.Client.ReadAsync($"e:{i}")));

        var frames = new List<string?> { (await connection.ReceiveAsync("read")).Text("position") };
        while (frames[^1] != "e:9")
            frames.Add((await connection.ReceiveAsync("read")).Text("position"));
        Assert.InRange(frames.Count, 1, 5);
    }

    [Scenario("read/sent-again", "does", "If the server doesn't have the latest position, it sends it on the next connection.")]
    public static async Task ReadSentAgain(Stage stage)
    {
        var connection = await stage.StartAsync("e:9");
        await stage.Client.ReadAsync("e:9");
        await connection.ReceiveAsync("read");
        await connection.BreakAsync();

        connection = await stage.WelcomeAsync();
        await connection.SendAsync("""{"type":"live","room":"lobby","position":"e:9","recovered":true,"read":"e:3","unread":6}""");

        Assert.Equal("e:9", (await connection.ReceiveAsync("read")).Text("position"));
    }

    [Scenario("left/not-joined-again", "SHOULD", "It reports that the server has taken it out of a room, and doesn't join it again.")]
    public static async Task Left(Stage stage)
    {
        var connection = await stage.StartAsync();
        await stage.JoinAsync(connection, "team", "t:1");
        await connection.SendAsync(Frames.Of("left", ("room", "team"), ("reason", "closed")));
        var left = await stage.Client.ExpectAsync("left");
        Assert.Equal(("team", "closed"), (left.Text("room"), left.Text("reason")));
        await connection.HasSentNothingAsync();
        await connection.BreakAsync();

        connection = await stage.LiveAsync();

        await connection.HasSentNothingAsync();
        Assert.DoesNotContain(connection.Handshake.After, static after => after.StartsWith("team~", StringComparison.Ordinal));
    }

    [Scenario("join/refused", "does", "It reports that a room can't be joined, and doesn't try again.")]
    public static async Task JoinRefused(Stage stage)
    {
        var connection = await stage.StartAsync();
        await stage.Client.JoinAsync("secret");
        var join = await connection.ReceiveAsync("join");
        await connection.SendAsync(Frames.Error(join.Text("ref"), "forbidden"));
        var refused = await stage.Client.ExpectAsync("refused");
        Assert.Equal(("secret", "forbidden"), (refused.Text("room"), refused.Text("code")));
        await connection.BreakAsync();

        connection = await stage.LiveAsync();

        await connection.HasSentNothingAsync();
    }

    [Scenario("join/too-many-rooms", "does", "It stays connected, and in its other rooms, if it is in too many.")]
    public static async Task TooManyRooms(Stage stage)
    {
        var connection = await stage.StartAsync();
        await stage.JoinAsync(connection, "team", "t:1");
        await stage.Client.JoinAsync("more");
        await connection.SendAsync(Frames.Error((await connection.ReceiveAsync("join")).Text("ref"), "too_many_rooms"));

        Assert.Equal("too_many_rooms", (await stage.Client.ExpectAsync("refused")).Text("code"));
        await connection.SendAsync(Frames.Message("t:2", "two", "team"));
        await stage.Client.SettleAsync(connection);
        Assert.Equal(["t:2 two"], stage.Client.Story());
    }

    [Scenario("join/by-the-server", "does", "It takes frames of a room that the server has let it into.")]
    public static async Task JoinedByServer(Stage stage)
    {
        var connection = await stage.StartAsync();

        await connection.SendAsync(Frames.Message("t:4", "four", "team"), Frames.Live("t:4", "team"), Frames.Message("t:5", "five", "team"));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["t:4 four", "t:5 five"], stage.Client.Story());
        await connection.BreakAsync();
        Assert.Equal(["lobby~e:1", "team~t:5"], (await stage.Server.NextAsync()).After);
    }

    [Scenario("join/refused-where-it-is", "does", "If it can't join a room that the server has let it into, it keeps its position there.")]
    public static async Task JoinRefusedWhereJoinedByServer(Stage stage)
    {
        var connection = await stage.StartAsync();
        await connection.SendAsync(Frames.Message("t:4", "four", "team"), Frames.Live("t:4", "team"));
        await stage.Client.SettleAsync(connection);
        await stage.Client.JoinAsync("team");
        await connection.SendAsync(Frames.Error((await connection.ReceiveAsync("join")).Text("ref"), "forbidden"));
        await stage.Client.ExpectAsync("refused");
        await connection.BreakAsync();

        connection = await stage.LiveAsync();

        Assert.Equal(["lobby~e:1", "team~t:4"], connection.Handshake.After);
        await connection.SendAsync(Frames.Message("t:5", "five", "team"), Frames.Live("t:5", "team"));
        await stage.Client.SettleAsync(connection);
        Assert.Equal(["t:4 four", "t:5 five"], stage.Client.Story());
    }

    [Scenario("leave/silent", "does", "After it has left a room, it reports nothing of it, and doesn't join it again.")]
    public static async Task Leave(Stage stage)
    {
        var connection = await stage.StartAsync();
        await stage.JoinAsync(connection, "team", "t:1");
        await stage.Client.LeaveAsync("team");
        var leave = await connection.ReceiveAsync("leave");
        Assert.Equal("team", leave.Text("room"));

        // On its way before the answer.
        await connection.SendAsync(Frames.Message("t:2", "two", "team"), Frames.Ack(leave.Text("ref"), room: "team"));
        await stage.Client.SettleAsync(connection);
        Assert.Empty(stage.Client.Story());
        await connection.BreakAsync();

        connection = await stage.LiveAsync();

        await connection.HasSentNothingAsync();
        Assert.Equal(["lobby~e:1"], connection.Handshake.After);
    }

    [Scenario("leave/joined-again", "does", "If it joins a room that it has just left, what arrives before the answer isn't of its next stay.")]
    public static async Task JoinedAgain(Stage stage)
    {
        var connection = await stage.StartAsync();
        await stage.JoinAsync(connection, "team", "t:1");
        await stage.Client.LeaveAsync("team");
        await stage.Client.JoinAsync("team");
        var leave = await connection.ReceiveAsync("leave");

        await connection.SendAsync(Frames.Message("t:5", "five", "team"), Frames.Ack(leave.Text("ref"), room: "team"));
        Assert.Null(await connection.AcceptJoinAsync("team"));
        await connection.SendAsync(Frames.Message("t:4", "four", "team"), Frames.Live("t:4", "team", recovered: false));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["t:4 four"], stage.Client.Story());
    }

    [Scenario("history/older", "does", "It gets older messages, from the oldest one that it has.")]
    public static async Task Older(Stage stage)
    {
        await stage.ConnectAsync();
        var connection = await stage.WelcomeAsync();
        await connection.SendAsync(Frames.Message("e:8", "eight"), Frames.Message("e:9", "nine"), Frames.Live("e:9"));
        await stage.Client.ExpectAsync("live");

        await stage.Client.OlderAsync("h1", 2);
        var request = await connection.ReceiveAsync("history");
        Assert.Equal(("e:8", "2"), (request.Text("before"), request.Text("limit")));
        object[] messages = [new { position = "e:6", at = Frames.At, data = "six" }, new { position = "e:7", at = Frames.At, data = "seven" }];
        await connection.SendAsync(
            Frames.Of("history", ("ref", request.Text("ref")), ("room", "lobby"), ("messages", messages), ("more", true)));
        var older = await stage.Client.ExpectAsync("older");
        Assert.Equal(("h1", "true"), (older.Text("id"), older.Text("more")));
        Assert.Equal(["six", "seven"], older.GetProperty("messages").EnumerateArray().Select(static message => message.Text("data")));

        await stage.Client.OlderAsync("h2", 2);
        Assert.Equal("e:6", (await connection.ReceiveAsync("history")).Text("before"));
    }
}

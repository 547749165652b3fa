using System.Text.Json;
using ChatKit.ClientScenarios.Server;

namespace ChatKit.ClientScenarios.Scenarios;

/// <summary>docs/protocol.md, "Connecting" and "resume": from where a client resumes.</summary>
internal static class Resuming
{
    [Scenario("resume/positions-in-url", "does", "The next handshake has the last position that it has received.")]
    public static async Task PositionsInUrl(Stage stage)
    {
        var connection = await stage.StartAsync();
        await connection.SendAsync(Frames.Message("e:2", "two"), Frames.Message("e:3", "three"));

        await connection.BreakAsync();

        Assert.Equal(["lobby~e:3"], (await stage.Server.NextAsync()).After);
    }

    [Scenario("resume/given-positions", "does", "It resumes from the positions that the application states.")]
    public static async Task GivenPositions(Stage stage)
    {
        await stage.ConnectAsync(after: new Dictionary<string, string> { ["lobby"] = "e:7/3" });

        var connection = await stage.WelcomeAsync();
        await connection.SendAsync(Frames.Message("e:8", "eight"), Frames.Live("e:8", revision: 3));

        Assert.Equal(["lobby~e:7/3"], connection.Handshake.After);
        await stage.Client.ExpectAsync("live");
        Assert.Equal(["e:8 eight"], stage.Client.Story());
    }

    [Scenario("resume/revision-of-live", "does", "It resumes with the revision of 'live'.")]
    public static async Task RevisionOfLive(Stage stage)
    {
        var connection = await stage.StartAsync("e:4", revision: 17);

        await connection.BreakAsync();

        Assert.Equal(["lobby~e:4/17"], (await stage.Server.NextAsync()).After);
    }

    [Scenario("resume/revision-of-change", "does", "It resumes with the revision of the last change.")]
    public static async Task RevisionOfChange(Stage stage)
    {
        var connection = await stage.StartAsync("e:4", revision: 17);
        await connection.SendAsync(Frames.Change("e:3", 18, "new"));

        await connection.BreakAsync();

        Assert.Equal(["lobby~e:4/18"], (await stage.Server.NextAsync()).After);
    }

    [Scenario("resume/revision-not-back", "does", "A change that isn't newer doesn't take the revision back.")]
    public static async Task RevisionNotBack(Stage stage)
    {
        var connection = await stage.StartAsync("e:4", revision: 17);
        await connection.SendAsync(Frames.Change("e:3", 18, "new"), Frames.Change("e:3", 16, "older"));

        await connection.BreakAsync();

        Assert.Equal(["lobby~e:4/18"], (await stage.Server.NextAsync()).After);
    }

    [Scenario("resume/skip", "does", "It continues from the position of 'skip', without a gap.")]
    public static async Task Skip(Stage stage)
    {
        var connection = await stage.StartAsync();
        await connection.SendAsync(Frames.Skip("e:2"), Frames.Message("e:3", "three"), Frames.Skip("e:4"));
        await stage.Client.SettleAsync(connection);

        await connection.BreakAsync();

        Assert.Equal(["lobby~e:4"], (await stage.Server.NextAsync()).After);
        Assert.Equal(["e:3 three"], stage.Client.Story());
    }

    [Scenario("resume/empty-room", "does", "It resumes from the position before the first message.")]
    public static async Task EmptyRoom(Stage stage)
    {
        var connection = await stage.StartAsync(":0");

        await connection.BreakAsync();
        Assert.Equal(["lobby~:0"], (connection = await stage.WelcomeAsync()).Handshake.After);
        await connection.SendAsync(Frames.Message("e:1", "one"), Frames.Message("e:2", "two"), Frames.Live("e:2"));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["e:1 one", "e:2 two"], stage.Client.Story());
    }

    [Scenario("resume/other-epoch", "does", "It resumes in the epoch of the last message.")]
    public static async Task OtherEpoch(Stage stage)
    {
        var connection = await stage.StartAsync();
        await connection.SendAsync(Frames.Message("f:2", "two"));
        await stage.Client.SettleAsync(connection);

        await connection.BreakAsync();

        Assert.Equal(["lobby~f:2"], (await stage.Server.NextAsync()).After);
        Assert.Equal(["f:2 two"], stage.Client.Story());
    }

    [Scenario("resume/ephemeral", "does", "A message without a position doesn't move its position.")]
    public static async Task Ephemeral(Stage stage)
    {
        var connection = await stage.StartAsync();
        await connection.SendAsync(Frames.Message(null, "now"), Frames.Message(null, "for you", null));
        await stage.Client.SettleAsync(connection);

        await connection.BreakAsync();

        Assert.Equal(["lobby~e:1"], (await stage.Server.NextAsync()).After);
        Assert.Equal(["now", "for you"], stage.Client.Story());
    }

    [Scenario("resume/joined-rooms", "does", "It joins its rooms again on each connection, from their positions.")]
    public static async Task JoinedRooms(Stage stage)
    {
        var connection = await stage.StartAsync();
        await stage.JoinAsync(connection, "team", "t:5");
        await connection.SendAsync(Frames.Message("t:6", "six", "team"));
        await connection.BreakAsync();

        connection = await stage.WelcomeAsync();

        var join = await connection.ReceiveAsync("join");
        Assert.Equal("team", join.Text("room"));
        Assert.True(
            join.Text("after") == "t:6" || connection.Handshake.After.Contains("team~t:6"), "The client hasn't stated its position in the room.");
    }

    [Scenario("resume/frame", "MUST", "Positions that don't fit into the URL follow in frames, none of which exceeds the limit.")]
    public static async Task Frame(Stage stage)
    {
        const int Limit = 1_024;
        var after = Enumerable.Range(100, 120).ToDictionary(static i => $"room-{i}-with-a-long-name-{new string('x', 30)}", static i => $"5k2j9:{i}");
        await stage.ConnectAsync(after: after);

        var connection = await stage.WelcomeAsync(limit: Limit);

        Assert.Equal(["frame"], connection.Handshake.Query("resume"));
        var stated = connection.Handshake.After.ToList();
        for (var isLast = false; !isLast;)
        {
            var resume = await connection.ReceiveAsync("resume");
            Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(resume.GetRawText()), 1, Limit);
            if (resume.TryGetProperty("after", out var rooms))
                stated.AddRange(rooms.EnumerateObject().Select(static room => $"{room.Name}~{room.Value.GetString()}"));
            isLast = resume.TryGetProperty("last", out var last) && last.ValueKind == JsonValueKind.True;
        }

        Assert.Equal(after.Select(static pair => $"{pair.Key}~{pair.Value}").Order(), stated.Order());
    }
}

using ChatKit.ClientScenarios.Server;

namespace ChatKit.ClientScenarios.Scenarios;

/// <summary>docs/protocol.md, "Poll" and "POST without a stream".</summary>
internal static class Polling
{
    private const string ProblemType = "application/problem+json";

    /// <summary>The server has closed the connection of a request.</summary>
    private const string Closing = """{"title":"Forbidden","status":403,"detail":"Bye.","code":"closed","closeCode":4001}""";

    [Scenario("http/poll", "does", "It polls with its positions, and reports nothing twice.")]
    public static async Task Poll(Stage stage)
    {
        await stage.Client.ConnectAsync(stage.Server.Address, null, null, "polling");
        var poll = await stage.Server.NextAsync(Way.Poll);
        Assert.Equal(["1"], poll.Query("frames"));
        Assert.Empty(poll.After);
        await poll.AnswerPollAsync(Frames.Message("e:1", "one"), Frames.Live("e:1"));

        poll = await stage.Server.NextAsync(Way.Poll);
        Assert.Equal(["lobby~e:1"], poll.After);
        await poll.AnswerPollAsync(Frames.Live("e:1"), Frames.Message("e:2", "two"));

        poll = await stage.Server.NextAsync(Way.Poll);
        Assert.Equal(["lobby~e:2"], poll.After);
        await stage.Client.ExpectAsync("message", static happened => happened.Text("data") == "two");
        Assert.Equal(["e:1 one", "live", "e:2 two"], stage.Client.Story("message", "gap", "live"));
    }

    [Scenario("http/poll-post", "does", "Without a response to a POST, it sends the frame again, with the same ref.")]
    public static async Task PollPost(Stage stage)
    {
        var post = await PostAsync(stage);
        Assert.Null(post.Header("ChatKit-Connection"));

        post.Abort();

        var again = await NextPostAsync(stage);
        Assert.Equal(post.Body, again.Body);
        await again.AnswerAsync(201, Frames.Ack(again.Posted[0].Text("ref"), "e:2"));
        Assert.Equal("e:2", await stage.Client.OutcomeAsync("a"));
    }

    [Scenario("http/poll-post-400", "does", "After 400, it doesn't send the frame again.", Argument = 400)]
    [Scenario("http/poll-post-413", "does", "After 413, it doesn't send the frame again.", Argument = 413)]
    [Scenario("http/poll-post-415", "does", "After 415, it doesn't send the frame again.", Argument = 415)]
    public static async Task PollPostRefused(Stage stage, int status)
    {
        var post = await PostAsync(stage);

        await post.AnswerAsync(status);

        await stage.Client.OutcomeAsync("a");
        await Waiting.QuietAsync();
        Assert.Equal(1, stage.Server.Posts);
    }

    [Scenario("http/poll-posts-in-order", "does", "It sends a POST when the one before is answered.")]
    public static async Task PostsInOrder(Stage stage)
    {
        var post = await PostAsync(stage);
        await stage.Client.SendAsync("b", "next");
        await stage.Client.SendAsync("c", "last");
        await stage.Server.NothingArrivesAsync();

        foreach (var (id, position) in new[] { ("a", "e:2"), ("b", "e:3"), ("c", "e:4") })
        {
            await post.AnswerAsync(201, Frames.Ack(post.Posted[0].Text("ref"), position));
            Assert.Equal(position, await stage.Client.OutcomeAsync(id));
            if (id != "c")
                post = await NextPostAsync(stage);
        }

        Assert.Equal("last", post.Posted[0].Text("data"));
    }

    [Scenario("http/poll-unavailable", "MUST", "After 'unavailable', it sends the same POST again, before those that follow.")]
    public static async Task Unavailable(Stage stage)
    {
        var post = await PostAsync(stage);
        await stage.Client.SendAsync("b", "next");

        await post.AnswerAsync(503, Problem("unavailable", post.Posted[0].Text("ref")), ProblemType);

        var again = await NextPostAsync(stage);
        Assert.Equal(post.Body, again.Body);
        await again.AnswerAsync(201, Frames.Ack(again.Posted[0].Text("ref"), "e:2"));
        Assert.Equal("next", (await NextPostAsync(stage)).Posted[0].Text("data"));
    }

    [Scenario("http/poll-refused", "does", "It reports a refusal, and sends what follows.")]
    public static async Task Refused(Stage stage)
    {
        var post = await PostAsync(stage);
        await stage.Client.SendAsync("b", "next");

        await post.AnswerAsync(403, Problem("muted", post.Posted[0].Text("ref")), ProblemType);

        Assert.Equal("muted", await stage.Client.OutcomeAsync("a"));
        Assert.Equal("next", (await NextPostAsync(stage)).Posted[0].Text("data"));
    }

    [Scenario("http/poll-post-502", "does", "After 502 to a POST, it sends the frame again.")]
    public static async Task PostOfNoServer(Stage stage)
    {
        var post = await PostAsync(stage);

        await post.AnswerAsync(502);

        Assert.Equal(post.Body, (await NextPostAsync(stage)).Body);
    }

    [Scenario("http/poll-closed", "does", "If the server closes the connection of a poll with 4001, it stays closed.")]
    public static async Task Closed(Stage stage)
    {
        await StartAsync(stage);

        await (await stage.Server.NextAsync(Way.Poll)).AnswerAsync(403, Closing, ProblemType);

        Assert.Equal("4001", (await stage.Client.ExpectStateAsync("closed")).Text("code"));
        await stage.Server.NothingArrivesAsync();
    }

    [Scenario("http/poll-post-closed", "does", "If the server closes the connection of a POST with 4001, it stays closed.")]
    public static async Task PostClosed(Stage stage)
    {
        var post = await PostAsync(stage);

        await post.AnswerAsync(403, Closing, ProblemType);

        Assert.Equal("4001", (await stage.Client.ExpectStateAsync("closed")).Text("code"));
        await stage.Server.NothingArrivesAsync();
    }

    [Scenario("http/poll-join", "does", "It joins a room with each poll, doesn't wait for one that lacks it, and reports nothing twice.")]
    public static async Task Join(Stage stage)
    {
        const string Joined = """{"type":"ack","ref":"join-0","room":"team"}""";
        await StartAsync(stage);
        await stage.Server.NextAsync(Way.Poll);
        await stage.Client.JoinAsync("team");

        var poll = await stage.Server.NextAsync(Way.Poll);
        Assert.Equal(["team"], poll.Query("join"));
        await poll.AnswerPollAsync(Frames.Live("e:1"), Joined, Frames.Message("t:1", "one", "team"), Frames.Live("t:1", "team"));

        poll = await stage.Server.NextAsync(Way.Poll);
        Assert.Equal(["team"], poll.Query("join"));
        Assert.Equal(["lobby~e:1", "team~t:1"], poll.After);
        await poll.AnswerPollAsync(Frames.Live("e:1"), Joined, Frames.Live("t:1", "team"), Frames.Message("t:2", "two", "team"));
        await stage.Server.NextAsync(Way.Poll);
        await stage.Client.LeaveAsync("team");

        poll = await stage.Server.NextAsync(Way.Poll);
        Assert.Empty(poll.Query("join"));
        Assert.Equal(["lobby~e:1"], poll.After);
        await stage.Client.ExpectAsync("message", static happened => happened.Text("data") == "two", "the second message");
        Assert.Equal(["live", "t:1 one", "live", "t:2 two"], stage.Client.Story("message", "gap", "live"));
    }

    [Scenario("http/poll-join-refused", "does", "It reports that a room can't be joined, and doesn't try again.")]
    public static async Task JoinRefused(Stage stage)
    {
        await StartAsync(stage);
        await stage.Server.NextAsync(Way.Poll);
        await stage.Client.JoinAsync("team");

        await (await stage.Server.NextAsync(Way.Poll)).AnswerPollAsync(Frames.Live("e:1"), Frames.Error("join-0", "forbidden"));

        Assert.Equal("forbidden", (await stage.Client.ExpectAsync("refused")).Text("code"));
        Assert.Empty((await stage.Server.NextAsync(Way.Poll)).Query("join"));
    }

    /// <summary>Lets the client connect by polling, until it is live in its home room.</summary>
    private static async Task StartAsync(Stage stage)
    {
        await stage.Client.ConnectAsync(stage.Server.Address, null, null, "polling");
        await (await stage.Server.NextAsync(Way.Poll)).AnswerPollAsync(Frames.Live("e:1"));
        await stage.Client.ExpectAsync("live");
    }

    /// <summary>Lets the client connect by polling, and send a message, whose POST is returned.</summary>
    private static async Task<Arrival> PostAsync(Stage stage)
    {
        await StartAsync(stage);
        await stage.Server.NextAsync(Way.Poll); // It waits.
        await stage.Client.SendAsync("a", "hi");
        return await NextPostAsync(stage);
    }

    /// <summary>Returns the next POST. The first poll of each connection is answered, and later ones wait.</summary>
    private static async Task<Arrival> NextPostAsync(Stage stage)
    {
        while (true)
        {
            var arrival = await stage.Server.NextAsync();
            if (arrival.Way == Way.Post)
                return arrival;
            if (arrival.Query("wait") is [] or ["0"])
                await arrival.AnswerPollAsync(Frames.Live("e:1"));
        }
    }

    private static string Problem(string code, string? reference) =>
        $$"""{"title":"No","detail":"It is {{code}}.","code":"{{code}}","ref":"{{reference}}"}""";
}

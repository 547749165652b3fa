using System.Diagnostics;
using ChatKit.ClientScenarios.Server;

namespace ChatKit.ClientScenarios.Scenarios;

/// <summary>docs/protocol.md, "Over HTTP, without a WebSocket".</summary>
internal static class OverHttp
{
    [Scenario("http/stream", "does", "It resumes an event stream, and sends numbered POSTs with the token.")]
    public static async Task Stream(Stage stage)
    {
        var stream = await OpenAsync(stage);
        await stream.SendAsync(Frames.Message("e:2", "two"));

        for (var number = 1; number <= 2; number++)
        {
            await stage.Client.SendAsync($"a{number}", "hi");
            var post = await stage.Server.NextAsync(Way.Post);
            Assert.Equal(("proof", $"{number}"), (post.Header("ChatKit-Connection"), post.Header("ChatKit-Sequence")));
            await post.AnswerAsync(202);
            await stream.SendAsync(Frames.Ack(Assert.Single(post.Posted).Text("ref"), $"e:{number + 2}"));
            Assert.Equal($"e:{number + 2}", await stage.Client.OutcomeAsync($"a{number}"));
        }

        Assert.Equal(["e:2 two"], stage.Client.Story());
        stream.Abort();
        Assert.Equal(["lobby~e:2"], (await stage.Server.NextAsync(Way.EventStream)).After);
    }

    [Scenario("http/stream-comment", "does", "It doesn't answer a comment.")]
    public static async Task Comment(Stage stage)
    {
        var stream = await OpenAsync(stage);

        await stream.WriteAsync(": ping\n\n");
        await stream.SendAsync(Frames.Message("e:2", "two"));

        await stage.Client.ExpectAsync("message");
        await stage.Server.NothingArrivesAsync();
    }

    [Scenario("http/stream-close", "does", "The event 'close' ends the stream like a close frame: with 1000, it stays closed.")]
    public static async Task Close(Stage stage)
    {
        var stream = await OpenAsync(stage);

        await stream.CloseStreamAsync(1000);

        await stage.Client.ExpectStateAsync("closed");
        await stage.Server.NothingArrivesAsync();
    }

    [Scenario("http/stream-restart", "does", "The event 'close' ends the stream like a close frame: with 1012, it opens another one.")]
    public static async Task Restart(Stage stage)
    {
        var stream = await OpenAsync(stage);

        await stream.CloseStreamAsync(1012);

        Assert.Equal(["lobby~e:1"], (await stage.Server.NextAsync(Way.EventStream)).After);
    }

    [Scenario("http/post-again", "does", "Without a response, it sends the same POST again.")]
    public static async Task PostAgain(Stage stage)
    {
        await OpenAsync(stage);
        await stage.Client.SendAsync("a", "hi");
        var post = await stage.Server.NextAsync(Way.Post);

        post.Abort();

        var again = await stage.Server.NextAsync(Way.Post);
        Assert.Equal((post.Header("ChatKit-Sequence"), post.Body), (again.Header("ChatKit-Sequence"), again.Body));
    }

    [Scenario("http/post-503", "does", "After 503, it sends the same POST again, after 'Retry-After'.")]
    public static async Task PostTooEarly(Stage stage)
    {
        await OpenAsync(stage);
        await stage.Client.SendAsync("a", "hi");
        var post = await stage.Server.NextAsync(Way.Post);

        var start = Stopwatch.GetTimestamp();
        await post.AnswerAsync(503, retryAfter: "1");

        var again = await stage.Server.NextAsync(Way.Post);
        Stage.IsAtLeast(1_000, start, again);
        Assert.Equal((post.Header("ChatKit-Sequence"), post.Body), (again.Header("ChatKit-Sequence"), again.Body));
    }

    [Scenario("http/post-410", "does", "After 410, it opens a new stream with its positions, and sends unacknowledged messages again.")]
    public static async Task PostGone(Stage stage)
    {
        await OpenAsync(stage);
        await stage.Client.SendAsync("a", "hi");
        var post = await stage.Server.NextAsync(Way.Post);

        await post.AnswerAsync(410);

        var stream = await stage.Server.NextAsync(Way.EventStream);
        Assert.Equal(["lobby~e:1"], stream.After);
        await stream.OpenStreamAsync("another");
        var again = await stage.Server.NextAsync(Way.Post);
        Assert.Equal(("another", "1"), (again.Header("ChatKit-Connection"), again.Header("ChatKit-Sequence")));
        Assert.Equal(Assert.Single(post.Posted).Text("ref"), Assert.Single(again.Posted).Text("ref"));
    }

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
        await stage.Client.ConnectAsync(stage.Server.Address, null, null, "polling");
        await (await stage.Server.NextAsync(Way.Poll)).AnswerPollAsync(Frames.Live("e:1"));
        await stage.Client.ExpectAsync("live");
        await stage.Client.SendAsync("a", "hi");
        var post = await NextPostAsync(stage);
        Assert.Null(post.Header("ChatKit-Connection"));

        post.Abort();

        var again = await NextPostAsync(stage);
        Assert.Equal(post.Body, again.Body);
        await again.AnswerAsync(201, Frames.Ack(again.Posted[0].Text("ref"), "e:2"));
        Assert.Equal("e:2", await stage.Client.OutcomeAsync("a"));
    }

    [Scenario("http/post-413", "does", "After 413, it doesn't send the POST again.")]
    public static async Task PostTooLarge(Stage stage)
    {
        await OpenAsync(stage);
        await stage.Client.SendAsync("a", "hi");

        await (await stage.Server.NextAsync(Way.Post)).AnswerAsync(413);

        await IsNotSentAgainAsync(stage);
    }

    [Scenario("http/poll-413", "does", "After 413 from a proxy, it doesn't send the frame again.")]
    public static async Task PollPostTooLarge(Stage stage)
    {
        await stage.Client.ConnectAsync(stage.Server.Address, null, null, "polling");
        await (await stage.Server.NextAsync(Way.Poll)).AnswerPollAsync(Frames.Live("e:1"));
        await stage.Client.ExpectAsync("live");
        await stage.Client.SendAsync("a", "hi");

        await (await NextPostAsync(stage)).AnswerAsync(413);

        await IsNotSentAgainAsync(stage);
    }

    private static async Task IsNotSentAgainAsync(Stage stage)
    {
        var again = NextPostAsync(stage);
        var outcome = stage.Client.OutcomeAsync("a");
        Assert.True(await Task.WhenAny(again, outcome) == outcome, "The client has sent it again.");
        Assert.NotNull(await outcome);
        await Waiting.QuietAsync();
        Assert.Equal(1, stage.Server.Posts);
    }

    /// <summary>Lets the client connect by an event stream, until it is live in its home room.</summary>
    private static async Task<Arrival> OpenAsync(Stage stage)
    {
        await stage.Client.ConnectAsync(stage.Server.Address, null, null, "eventsource");
        var stream = await stage.Server.NextAsync(Way.EventStream);
        await stream.OpenStreamAsync();
        await stream.SendAsync(Frames.Live("e:1"));
        await stage.Client.ExpectAsync("live");
        return stream;
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
}

using System.Diagnostics;
using ChatKit.ClientScenarios.Server;

namespace ChatKit.ClientScenarios.Scenarios;

/// <summary>docs/protocol.md, "Event stream".</summary>
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

    [Scenario("http/posts-together", "does", "What waits for the answer to a POST follows in few POSTs, in order, and none exceeds the limit.")]
    public static async Task PostsTogether(Stage stage)
    {
        const int Limit = 1_024;
        await OpenAsync(stage, limit: Limit);
        await stage.Client.SendAsync("first", "first");
        var post = await stage.Server.NextAsync(Way.Post);
        string[] texts = [.. Enumerable.Range(0, 4).Select(static i => new string((char)('a' + i), 300))];
        foreach (var text in texts)
            await stage.Client.SendAsync(text, text);
        await stage.Server.NothingArrivesAsync();
        await post.AnswerAsync(202);

        var posted = new List<string?>();
        for (var i = 0; i < texts.Length / 2; i++)
        {
            post = await stage.Server.NextAsync(Way.Post);
            Assert.InRange(post.Body.Length, 1, Limit);
            posted.AddRange(post.Posted.Select(static frame => frame.Text("data")));
            await post.AnswerAsync(202);
        }

        Assert.Equal(texts, posted);
    }

    [Scenario("http/post-413", "does", "After 413, it doesn't send the POST again.")]
    public static async Task PostTooLarge(Stage stage)
    {
        await OpenAsync(stage);
        await stage.Client.SendAsync("a", "hi");

        await (await stage.Server.NextAsync(Way.Post)).AnswerAsync(413);

        Assert.NotNull(await stage.Client.OutcomeAsync("a"));
        await Waiting.QuietAsync();
        Assert.Equal(1, stage.Server.Posts);
    }

    [Scenario("http/stream-alive", "does", "A comment shows that the server is there. Without any, it opens another stream.")]
    public static async Task Alive(Stage stage)
    {
        const double Ping = 0.75;
        var stream = await OpenAsync(stage, ping: Ping);
        var start = 0L;
        for (var i = 0; i < 6; i++)
        {
            await Waiting.QuietAsync();
            start = await Stage.TimeAsync(() => stream.WriteAsync(": ping\n\n"));
        }

        Stage.IsAtLeast(2_000 * Ping, start, await stage.Server.NextAsync(Way.EventStream));
    }

    [Scenario("http/stream-503", "does", "If a stream is answered with 503, it comes back after 'Retry-After'.")]
    public static async Task StreamTooEarly(Stage stage)
    {
        await stage.Client.ConnectAsync(stage.Server.Address, null, null, "eventsource");
        var stream = await stage.Server.NextAsync(Way.EventStream);

        var start = Stopwatch.GetTimestamp();
        await stream.AnswerAsync(503, "Not now.", "text/plain", retryAfter: "1");

        Stage.IsAtLeast(1_000, start, await stage.Server.NextAsync(Way.EventStream));
    }

    [Scenario("http/stream-other", "does", "A response that isn't an event stream counts as a broken connection.")]
    public static async Task OtherResponse(Stage stage)
    {
        await stage.Client.ConnectAsync(stage.Server.Address, null, null, "eventsource");
        await (await stage.Server.NextAsync(Way.EventStream)).AnswerAsync(200, "<!doctype html>", "text/html");
        await (await stage.Server.NextAsync(Way.EventStream)).AnswerAsync(500, "Oops.", "text/plain");

        await stage.Server.NextAsync(Way.EventStream);
    }

    /// <summary>Lets the client connect by an event stream, until it is live in its home room.</summary>
    private static async Task<Arrival> OpenAsync(Stage stage, double ping = 20, int limit = 65_536)
    {
        await stage.Client.ConnectAsync(stage.Server.Address, null, null, "eventsource");
        var stream = await stage.Server.NextAsync(Way.EventStream);
        await stream.OpenStreamAsync(ping: ping, limit: limit);
        await stream.SendAsync(Frames.Live("e:1"));
        await stage.Client.ExpectAsync("live");
        return stream;
    }
}

using System.Net.WebSockets;
using System.Text.Json;
using ChatKit.TestKit.Client;

namespace ChatKit.ChaosTests.Client;

public class EventStreamTests
{
    [Fact]
    public async Task A_client_reports_the_frames_of_the_events_and_resumes_from_the_last_one()
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);
        var first = await server.OpenStreamAsync();
        Assert.Equal(("", "text/event-stream"), (first.Query, first.Header("Accept")));
        await first.SendAsync("""
            id: lobby~e:1
            data: {"type":"message","room":"lobby","position":"e:1","at":"2026-11-22T18:00:00Z","data":"a"}
            """);
        await first.SendAsync("event: later\ndata: not a frame");
        await first.SendAsync("""data: {"type":"live","room":"lobby","position":"e:1","revision":3}""");
        Assert.Equal("e:1 a", await client.NextSeenAsync());
        await client.NextAsync<BecameLive>();
        first.End();

        var second = await server.OpenStreamAsync();

        Assert.Equal("after=lobby~e:1/3&connection=c", second.Query);
    }

    [Fact]
    public async Task A_post_without_an_answer_is_sent_again_with_the_same_number()
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);
        var stream = await server.OpenStreamAsync();
        var sending = client.SendAsync("a");
        var first = await server.PostAsync();
        first.Abort();
        var second = await server.PostAsync();
        await second.AnswerAsync(503);
        var third = await server.PostAsync();
        await third.AnswerAsync(202);
        _ = client.SendAsync("b");
        var next = await server.PostAsync();

        Assert.Equal(["1", "1", "1", "2"], new[] { first, second, third, next }.Select(static post => post.Header("ChatKit-Sequence")));
        Assert.Equal([first.Body, first.Body], [second.Body, third.Body]);
        Assert.Equal(("t", "application/json"), (next.Header("ChatKit-Connection"), next.Header("Content-Type")));
        await stream.SendAsync($$"""data: {"type":"ack","ref":"{{RefsOf(first)[0]}}","room":"lobby","position":"e:1"}""");
        Assert.Equal("e:1", (await sending.Soon()).Position);
    }

    [Fact]
    public async Task Frames_that_wait_for_an_answer_are_posted_together_as_far_as_they_fit()
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);
        await server.OpenStreamAsync();
        _ = client.SendAsync("first");
        var first = await server.PostAsync();
        for (var i = 0; i < 4; i++)
            _ = client.SendAsync(new string('x', 300));

        await first.AnswerAsync(202);
        var second = await server.PostAsync();
        await second.AnswerAsync(202);
        var third = await server.PostAsync();

        Assert.Equal([1, 2, 2], new[] { first, second, third }.Select(static post => RefsOf(post).Length));
        Assert.InRange(second.Body.Length, 1, 1024);
        Assert.Equal(["2", "3", "4", "5"], RefsOf(second).Concat(RefsOf(third)).Select(static reference => reference.Split('-')[1]));
    }

    [Fact]
    public async Task A_client_whose_stream_is_gone_opens_a_new_one_and_sends_its_messages_again()
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);
        var first = await server.OpenStreamAsync();
        _ = client.SendAsync("a");
        var post = await server.PostAsync();
        await post.AnswerAsync(410);

        await first.UntilAbortedAsync();
        await server.OpenStreamAsync();
        var again = await server.PostAsync();

        Assert.Equal(post.Body, again.Body);
        Assert.Equal("1", again.Header("ChatKit-Sequence"));
    }

    [Fact]
    public async Task A_stream_is_alive_as_long_as_heartbeats_arrive()
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);
        var first = await server.OpenStreamAsync(ping: 0.75);
        for (var i = 0; i < 9; i++)
        {
            await Task.Delay(Clients.Moment);
            await first.SendAsync(": ping");
        }

        Assert.Equal(ClientState.Connected, client.State);
        await first.UntilAbortedAsync();
        await server.OpenStreamAsync();
    }

    [Fact]
    public async Task The_close_event_decides_whether_the_client_connects_again()
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);
        var first = await server.OpenStreamAsync();
        await first.SendAsync("""
            event: close
            data: {"code":1012,"reason":"the server is restarting"}
            """);
        Assert.Equal(1012, (int?)(await NextEndAsync(client)).Code);

        var second = await server.OpenStreamAsync();
        await second.SendAsync("""
            event: close
            data: {"code":1000}
            """);

        Assert.Equal((ClientState.Closed, WebSocketCloseStatus.NormalClosure), await NextEndAsync(client));
    }

    [Theory]
    [InlineData(503, "text/plain", 1013)]
    [InlineData(500, "text/plain", null)]
    [InlineData(200, "text/html", null)]
    public async Task A_response_that_is_no_event_stream_is_like_a_broken_connection(int status, string type, int? code)
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);

        await (await server.GetAsync()).AnswerAsync(status, "Not now.", type);
        Assert.Equal((ClientState.Waiting, (WebSocketCloseStatus?)code), await NextEndAsync(client));

        await server.OpenStreamAsync();
    }

    private static ChatClient Start(ScriptedHttpServer server) => Clients.Start(server.Address, transport: TransportKind.EventStream);

    private static string[] RefsOf(ScriptedRequest post)
    {
        using var body = JsonDocument.Parse(post.Body);
        JsonElement[] frames = body.RootElement.ValueKind == JsonValueKind.Array ? [.. body.RootElement.EnumerateArray()] : [body.RootElement];
        return [.. frames.Select(static frame => frame.GetProperty("ref").GetString()!)];
    }

    private static async Task<(ClientState State, WebSocketCloseStatus? Code)> NextEndAsync(ChatClient client)
    {
        while (true)
        {
            if (await client.NextAsync<StateChanged>() is { State: ClientState.Waiting or ClientState.Closed } end)
                return (end.State, end.Code);
        }
    }
}

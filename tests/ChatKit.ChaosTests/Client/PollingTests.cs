using System.Net.WebSockets;
using System.Text.Json;
using ChatKit.TestKit.Client;

namespace ChatKit.ChaosTests.Client;

public class PollingTests
{
    private const string Live = """{"type":"live","room":"lobby","position":"e:1","revision":3,"recovered":true}""";

    [Fact]
    public async Task Each_poll_but_the_first_waits_and_states_what_the_client_has()
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);
        var first = await server.GetAsync();
        await first.AnswerPollAsync(
            """{"type":"message","room":"lobby","position":"e:1","at":"2026-11-22T18:00:00Z","data":"a"}""", Live);
        var second = await server.GetAsync();

        Assert.Equal(["frames=1&wait=0", "after=lobby~e:1/3&frames=1&wait=25"], [first.Query, second.Query]);
        Assert.Equal("application/json", first.Header("Accept"));
        Assert.Equal("e:1 a", await client.NextSeenAsync());
        await second.AnswerPollAsync(Live);
        await server.GetAsync();
        Assert.Equal(ClientState.Connected, client.State);
    }

    [Fact]
    public async Task A_message_is_posted_when_the_one_before_is_answered()
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);
        await (await server.GetAsync()).AnswerPollAsync(Live);
        Task<Ack>[] sending = [client.SendAsync("a"), client.SendAsync("b")];
        var first = await server.PostAsync();
        var posting = server.PostAsync();
        await Task.Delay(Clients.Moment);
        Assert.False(posting.IsCompleted);

        await first.AnswerAsync(201, Ack(first, "e:2"));
        var second = await posting;
        await second.AnswerAsync(201, Ack(second, "e:3"));

        Assert.Equal(["e:2", "e:3"], (await Task.WhenAll(sending).Soon()).Select(static ack => ack.Position));
        Assert.Equal(["a", "b"], new[] { first, second }.Select(static post => Member(post, "data")));
    }

    [Fact]
    public async Task A_message_that_could_not_be_stored_is_sent_again_before_the_next()
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);
        await (await server.GetAsync()).AnswerPollAsync(Live);
        _ = client.SendAsync("a");
        _ = client.SendAsync("b");
        var first = await server.PostAsync();
        await first.AnswerProblemAsync(503, $"\"code\":\"unavailable\",\"detail\":\"Later.\",\"ref\":\"{Member(first, "ref")}\"");

        var second = await server.PostAsync();

        Assert.Equal(first.Body, second.Body);
        Assert.Equal(ClientState.Connected, client.State);
    }

    [Fact]
    public async Task A_refused_message_fails_and_the_next_one_is_sent()
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);
        await (await server.GetAsync()).AnswerPollAsync(Live);
        var sending = client.SendAsync("a");
        _ = client.SendAsync("b");
        var first = await server.PostAsync();
        await first.AnswerProblemAsync(403, "\"code\":\"muted\",\"detail\":\"Not now.\"");

        var refused = await Assert.ThrowsAsync<SendFailedException>(() => sending.Soon());

        Assert.Equal(("muted", "Not now."), (refused.Code, refused.Message));
        Assert.Equal("b", Member(await server.PostAsync(), "data"));
    }

    [Theory]
    [InlineData(502)]
    [InlineData(429)]
    [InlineData(null)]
    public async Task A_post_without_an_answer_is_sent_again_after_a_poll(int? status)
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);
        await (await server.GetAsync()).AnswerPollAsync(Live);
        var waiting = await server.GetAsync();
        _ = client.SendAsync("a");
        var first = await server.PostAsync();
        if (status is { } failed)
            await first.AnswerAsync(failed);
        else
            first.Abort();

        await waiting.UntilAbortedAsync();
        var poll = await server.GetAsync();
        await poll.AnswerPollAsync(Live);
        var second = await server.PostAsync();

        Assert.EndsWith("wait=0", poll.Query, StringComparison.Ordinal);
        Assert.Equal(first.Body, second.Body);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_whose_connection_the_server_has_closed_ends_that_of_the_client(bool isPost)
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);
        await (await server.GetAsync()).AnswerPollAsync(Live);
        var poll = await server.GetAsync();
        if (isPost)
            _ = client.SendAsync("a");
        var request = isPost ? await server.PostAsync() : poll;

        await request.AnswerProblemAsync(403, "\"code\":\"closed\",\"closeCode\":4001,\"detail\":\"Bye.\"");

        StateChanged end;
        do
            end = await client.NextAsync<StateChanged>();
        while (end.State != ClientState.Closed);
        Assert.Equal(((WebSocketCloseStatus)4001, "Bye."), (end.Code, end.Reason));
    }

    [Fact]
    public async Task A_client_that_joins_a_room_does_not_wait_for_the_poll_that_lacks_it()
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);
        await (await server.GetAsync()).AnswerPollAsync(Live);
        var waiting = await server.GetAsync();

        client.Join("team");
        await waiting.UntilAbortedAsync();
        var joining = await server.GetAsync();
        await joining.AnswerPollAsync(
            Live,
            """{"type":"ack","ref":"join-0","room":"team"}""",
            """{"type":"message","room":"team","position":"f:1","at":"2026-11-22T18:00:00Z","data":"a"}""",
            """{"type":"live","room":"team","position":"f:1"}""");
        var next = await server.GetAsync();
        await next.AnswerPollAsync(Live, """{"type":"ack","ref":"join-0","room":"team"}""", """{"type":"live","room":"team","position":"f:1"}""");
        client.Leave("team");
        await server.GetAsync();

        Assert.Equal("after=lobby~e:1/3&frames=1&join=team&wait=0", joining.Query);
        Assert.Equal("after=lobby~e:1/3&after=team~f:1&frames=1&join=team&wait=25", next.Query);
        Assert.Equal("team", (await client.NextAsync<RoomJoined>()).Room);
        Assert.Equal("f:1 a", await client.NextSeenAsync());
    }

    [Fact]
    public async Task A_room_that_refuses_the_client_is_not_joined_again()
    {
        await using var server = await ScriptedHttpServer.StartAsync();
        await using var client = Start(server);
        await (await server.GetAsync()).AnswerPollAsync(Live);
        var waiting = await server.GetAsync();
        client.Join("secret");
        await waiting.UntilAbortedAsync();

        await (await server.GetAsync()).AnswerPollAsync(Live, """{"type":"error","ref":"join-0","code":"forbidden","text":"No."}""");

        Assert.Equal(new JoinRefused("secret", "forbidden"), await client.NextAsync<JoinRefused>());
        Assert.DoesNotContain("join=", (await server.GetAsync()).Query, StringComparison.Ordinal);
    }

    private static ChatClient Start(ScriptedHttpServer server) => Clients.Start(server.Address, transport: TransportKind.Polling);

    private static string Ack(ScriptedRequest post, string position) =>
        $$"""{"type":"ack","ref":"{{Member(post, "ref")}}","room":"lobby","position":"{{position}}"}""";

    private static string? Member(ScriptedRequest post, string name)
    {
        using var body = JsonDocument.Parse(post.Body);
        return body.RootElement.GetProperty(name).GetString();
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;

namespace ChatKit.AspNetCore.Tests.Proxies;

/// <summary>What clients can rely on behind a real reverse proxy, with the configuration of <c>docs/how-to/reverse-proxy.md</c>.</summary>
public abstract class ProxyContract(RedisServer redis) : IAsyncDisposable
{
    /// <summary>A status of a handshake that was not passed on as one.</summary>
    private const int UpgradeRequired = 426;

    private static readonly TimeSpan OftenPing = TimeSpan.FromSeconds(0.5);

    private readonly string _prefix = $"test-{Guid.NewGuid():n}:";
    private readonly List<IAsyncDisposable> _running = [];

    /// <summary>Ends a request at once when its response is disposed of, instead of waiting for the rest of an event stream.</summary>
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AutomaticDecompression = DecompressionMethods.All,
        ResponseDrainTimeout = TimeSpan.Zero,
    });

    private protected abstract Task<ReverseProxy> StartProxyAsync(IReadOnlyList<Uri> nodes, ProxySettings settings);

    [Fact]
    public async Task A_WebSocket_works()
    {
        var proxy = await StartAsync(settings: null, await StartNodeAsync("one"));

        await using var client = await ChatClient.ConnectAsync(WebSocketAddress(proxy));
        await client.SendAsync("hi");

        Assert.Equal("hi", await client.ReceiveAsync());
    }

    [Fact]
    public async Task Where_WebSockets_are_blocked_the_handshake_is_answered_with_426_and_the_other_ways_in_work()
    {
        var proxy = await StartAsync(new ProxySettings { BlocksWebSockets = true }, await StartNodeAsync("one"));

        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(WebSocketAddress(proxy), CancellationToken.None).Soon());
        Assert.Equal(UpgradeRequired, (int)socket.HttpStatusCode);

        await AssertStreamsPostsAndPollsWorkAsync(proxy);
    }

    [Fact]
    public async Task The_other_ways_in_work_beside_WebSockets() =>
        await AssertStreamsPostsAndPollsWorkAsync(await StartAsync(settings: null, await StartNodeAsync("one")));

    /// <summary>Each round needs the event of the round before: one that is held back stops it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Events_arrive_at_once_though_the_proxy_buffers(bool compresses)
    {
        var proxy = await StartAsync(new ProxySettings { Compresses = compresses }, await StartNodeAsync("one"));
        await using var stream = Stream(proxy.Address);
        await stream.OpenAsync();
        Assert.DoesNotContain("gzip", stream.ContentHeaders.ContentEncoding);

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(HttpStatusCode.Accepted, (await stream.PostAsync(Message($"{i}"))).Status);
            await stream.ReceiveAsync(i + 1);
        }

        Assert.Equal(Numbers(10), stream.Messages);
        Assert.Equal(1, stream.Opened);
    }

    [Fact]
    public async Task A_poll_that_the_proxy_compresses_is_answered_with_304_when_nothing_is_new()
    {
        var proxy = await StartAsync(new ProxySettings { Compresses = true }, await StartNodeAsync("one"));
        var client = Poll(proxy);
        await client.PostAsync(new string('x', 2000));

        var tag = await client.PollAsync();
        Assert.NotNull(tag);
        Assert.Equal(HttpStatusCode.NotModified, await client.PollAsync(tag));

        await client.PostAsync("new");
        Assert.Equal(HttpStatusCode.OK, await client.PollAsync(tag));
    }

    [Fact]
    public async Task Heartbeats_keep_a_silent_stream_open_longer_than_the_time_out_of_the_proxy()
    {
        var proxy = await StartAsync(
            new ProxySettings { IdleSeconds = 3 }, await StartNodeAsync("one", OftenPing));
        await using var stream = Stream(proxy.Address);
        await stream.OpenAsync();

        await Task.Delay(TimeSpan.FromSeconds(5)); // What must not happen would happen after 3.

        Assert.False(stream.Ended.IsCompleted);
        await stream.PostAsync(Message("hi"));
        await stream.ReceiveAsync(1);
        Assert.Equal(1, stream.Opened);
    }

    [Fact]
    public async Task A_stream_that_the_proxy_breaks_off_resumes_and_neither_loses_nor_repeats_a_message()
    {
        var proxy = await StartAsync(
            new ProxySettings { IdleSeconds = 1 }, await StartNodeAsync("one", TimeSpan.FromMinutes(1)));
        var writer = Poll(proxy);
        await using var stream = Stream(proxy.Address);
        await stream.OpenAsync();

        for (var i = 0; i < 6; i += 2)
        {
            await writer.PostAsync($"{i}");
            await stream.ReceiveAsync(i + 1);
            Assert.Null(await stream.Ended.Soon());
            await writer.PostAsync($"{i + 1}"); // While the client is away.
            await stream.ReceiveAsync(i + 2);
        }

        Assert.True(stream.Opened >= 4, $"{stream.Opened} streams");
        await stream.PostAsync(Message("6"));
        await stream.ReceiveAsync(7);
        Assert.Equal(Numbers(7), stream.Messages);
        Assert.DoesNotContain("gap", stream.OtherFrames);
    }

    [Fact]
    public async Task A_poll_that_waits_longer_than_the_proxy_is_repeated_and_misses_nothing()
    {
        var proxy = await StartAsync(new ProxySettings { IdleSeconds = 1 }, await StartNodeAsync("one"));
        var (reader, writer) = (Poll(proxy), Poll(proxy));
        await writer.PostAsync("0");
        await reader.ReceiveAsync(1);

        var waiting = reader.PollAsync(wait: 30);
        await Patience.UntilAsync(() => reader.Repeated > 0, "the proxy breaks the poll off");
        await writer.PostAsync("1");
        await waiting.Soon();

        Assert.Equal(Numbers(2), reader.Messages);
    }

    [Fact]
    public async Task A_page_of_the_address_of_the_proxy_has_the_same_origin_and_no_other_has()
    {
        var proxy = await StartAsync(settings: null, await StartNodeAsync("one"));

        Assert.Equal(HttpStatusCode.Created, await PostFromAsync(proxy.Address.GetLeftPart(UriPartial.Authority)));
        Assert.Equal(HttpStatusCode.Forbidden, await PostFromAsync("https://evil.net"));

        async Task<HttpStatusCode> PostFromAsync(string origin)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, ChatNode.RoomAt(proxy.Address))
            {
                Content = JsonContent.Create(new { data = "hi" }),
                Headers = { { "Origin", origin } },
            };
            using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Posts_that_reach_all_nodes_are_handled_in_their_order_and_once()
    {
        var proxy = await StartAsync(settings: null, await StartNodeAsync("one"), await StartNodeAsync("two"));
        await using var stream = Stream(proxy.Address);
        await stream.OpenAsync();

        // Without a ref, a message that was handled twice would be stored twice. Several posts are on their way at once.
        var answers = new List<PostAnswer>();
        for (var i = 0; i < 48; i += 6)
            answers.AddRange(await Task.WhenAll(Enumerable.Range(i, 6).Select(number => stream.PostAsync(Message($"{number}")))));
        await stream.ReceiveAsync(48);

        Assert.All(answers, static answer => Assert.Equal(HttpStatusCode.Accepted, answer.Status));
        Assert.Equal(["one", "two"], answers.Select(static answer => answer.Node).Distinct().Order());
        Assert.Equal(Numbers(48), stream.Messages);
        Assert.Equal(1, stream.Opened);
        var reader = Poll(proxy);
        await reader.ReceiveAsync(48);
        Assert.Equal(Numbers(48), reader.Messages);
    }

    [Fact]
    public async Task Polls_go_to_all_nodes_and_neither_lose_nor_repeat_a_message()
    {
        var proxy = await StartAsync(settings: null, await StartNodeAsync("one"), await StartNodeAsync("two"));
        var (reader, writer) = (Poll(proxy), Poll(proxy));
        await writer.PostAsync("0");
        await reader.ReceiveAsync(1);

        var writing = Task.Run(async () =>
        {
            for (var i = 1; i < 40; i++)
                await writer.PostAsync($"{i}");
        });
        await reader.ReceiveAsync(40, limit: 3);
        await writing.Soon();
        await reader.PollAsync();

        Assert.Equal(Numbers(40), reader.Messages);
        Assert.False(reader.HasGap);
        Assert.Equal(["one", "two"], reader.Nodes.Order());
        Assert.Equal(["one", "two"], writer.Nodes.Order());
    }

    [Theory]
    [InlineData(NodeEnd.Stopped)]
    [InlineData(NodeEnd.Killed)]
    [InlineData(NodeEnd.Frozen)]
    public async Task When_the_node_of_a_stream_ends_posts_are_answered_with_410_and_the_client_loses_and_repeats_nothing(NodeEnd end)
    {
        Requirement.EndOfChildren();
        var (node, address) = await new ChatNode("one", redis, _prefix, OftenPing).StartProcessAsync();
        _running.Add(node);
        var other = await StartNodeAsync("two", OftenPing);
        var proxy = await StartAsync(new ProxySettings { IdleSeconds = 3 }, address, other);

        // A proxy would take half of the messages to a frozen node, and wait for it each time.
        var writer = Poll(end == NodeEnd.Frozen ? other : proxy.Address);
        await using var stream = Stream(proxy.Address);
        await stream.OpenOnAsync("one");
        for (var i = 0; i < 10; i++)
            await stream.PostAsync(Message($"{i}", $"ref-{i}"));
        await stream.ReceiveAsync(10);

        await EndAsync(node, end);
        try
        {
            var writing = Task.Run(async () =>
            {
                for (var i = 10; i < 20; i++)
                    await writer.PostAsync($"{i}");
            });
            Assert.Equal(HttpStatusCode.Gone, (await stream.PostAsync(Message("20", "ref-20"))).Status);
            Assert.Equal(end == NodeEnd.Stopped ? 1012 : null, CloseCode(await stream.Ended.Soon()));
            await writing.Soon();
            await stream.OpenAsync();
            Assert.Equal("two", stream.Node);
            Assert.Equal(HttpStatusCode.Accepted, (await stream.PostAsync(Message("20", "ref-20"))).Status);
            await stream.ReceiveAsync(21);
        }
        finally
        {
            if (end == NodeEnd.Frozen)
                await Signals.ResumeAsync(node.Id);
        }

        // When the node wakes up, it handles the post that was answered with 410. The message is stored once, because its ref is the same.
        if (end == NodeEnd.Frozen)
            await Poll(address).PollAsync();
        await stream.PostAsync(Message("21"));
        await stream.ReceiveAsync(22);
        Assert.Equal(Numbers(22), stream.Messages);
        Assert.DoesNotContain("gap", stream.OtherFrames);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        foreach (var one in Enumerable.Reverse(_running))
            await one.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task<Uri> StartNodeAsync(string name, TimeSpan? ping = null)
    {
        var node = await new ChatNode(name, redis, _prefix, ping).StartAsync();
        _running.Add(node);
        return node.Address;
    }

    private protected async Task AssertStreamsPostsAndPollsWorkAsync(ReverseProxy proxy)
    {
        await using var stream = Stream(proxy.Address);
        await stream.OpenAsync();
        var reader = Poll(proxy);
        await reader.PollAsync();

        Assert.Equal(HttpStatusCode.Accepted, (await stream.PostAsync(Message("0"))).Status);
        var waiting = reader.ReceiveAsync(2);
        await Poll(proxy).PostAsync("1");

        await waiting;
        await stream.ReceiveAsync(2);
        Assert.Equal(Numbers(2), stream.Messages);
        Assert.Equal(Numbers(2), reader.Messages);

        var large = new string('x', 50_000); // More than the buffers of the proxy.
        Assert.Equal(HttpStatusCode.Accepted, (await stream.PostAsync(Message(large))).Status);
        await stream.ReceiveAsync(3);
        await reader.PollAsync();
        Assert.Equal(large, stream.Messages[^1]);
        Assert.Equal(large, reader.Messages[^1]);
    }

    private protected EventStreamClient Stream(Uri address) => new(ChatNode.RoomAt(address), _http);

    private static Uri WebSocketAddress(ReverseProxy proxy) => new UriBuilder(ChatNode.RoomAt(proxy.Address)) { Scheme = "ws" }.Uri;

    private static object Message(string text) => new { type = "message", data = text };

    private static object Message(string text, string reference) => new { type = "message", @ref = reference, data = text };

    private static IEnumerable<string> Numbers(int count) => Enumerable.Range(0, count).Select(static i => $"{i}");

    private static int? CloseCode(string? close)
    {
        if (close is null)
            return null;
        using var json = JsonDocument.Parse(close);
        return json.RootElement.GetProperty("code").GetInt32();
    }

    private static async Task EndAsync(DotnetProcess node, NodeEnd end)
    {
        switch (end)
        {
            case NodeEnd.Stopped:
                Assert.Equal(0, await Signals.TerminateAsync(node.Look()).Soon());
                break;
            case NodeEnd.Killed:
                await node.KillAsync();
                break;
            case NodeEnd.Frozen:
                await Signals.SuspendAsync(node.Id);
                break;
        }
    }

    private PollClient Poll(Uri address) => new(ChatNode.RoomAt(address), _http);

    private PollClient Poll(ReverseProxy proxy) => Poll(proxy.Address);

    private async Task<ReverseProxy> StartAsync(ProxySettings? settings, params IReadOnlyList<Uri> nodes)
    {
        var proxy = await StartProxyAsync(nodes, settings ?? new ProxySettings());
        _running.Add(proxy);
        return proxy;
    }
}

/// <summary>How a node ends.</summary>
public enum NodeEnd
{
    /// <summary>It is asked to stop, and says so to its clients.</summary>
    Stopped,

    /// <summary>Its process is killed.</summary>
    Killed,

    /// <summary>Its process stops, and its connections stay open.</summary>
    Frozen,
}

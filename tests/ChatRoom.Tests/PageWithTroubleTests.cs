using Microsoft.Playwright;

namespace ChatRoom.Tests;

/// <summary>The page when the server ends, the store is unavailable, or the network fails.</summary>
public sealed class PageWithTroubleTests(Browser browser, RedisServer redis, SharedChatRoom shared) : BrowserTests, IClassFixture<RedisServer>, IAsyncDisposable
{
    private readonly Visitors _visitors = new(browser);

    public ValueTask DisposeAsync() => _visitors.DisposeAsync();

    [Fact]
    public async Task Nothing_is_lost_or_duplicated_when_the_server_restarts_with_its_history()
    {
        var port = $"{RedisServer.FreePort()}";
        await using var chatRoom = await ChatRoomProcess.StartAsync("--port", port, "--redis", redis.Endpoint);
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", "restarts");
        await ann.SendTextAsync("before the restart");
        await ann.ExpectMessagesAsync("before the restart");

        await chatRoom.KillAsync();
        await ann.ExpectStateAsync("reconnecting");
        await ann.SendTextAsync("while it is away");
        await ann.SendTextAsync("and still away");
        await Assertions.Expect(ann.Locator("#pending .text")).ToHaveTextAsync(["while it is away", "and still away"]);
        await Assertions.Expect(ann.Locator("#pending .fate")).ToHaveTextAsync(["Sending…", "Sending…"]);
        await ann.SaveScreenshotAsync("chat-room-pending.png");
        await using var restarted = await ChatRoomProcess.StartAsync("--port", port, "--redis", redis.Endpoint);
        await ann.ExpectStateAsync("live");
        await ann.SendTextAsync("after the restart");

        string[] all = ["before the restart", "while it is away", "and still away", "after the restart"];
        await ann.ExpectMessagesAsync(all);
        await Assertions.Expect(ann.Locator("li.gap")).ToHaveCountAsync(0);
        var bob = await _visitors.JoinAsync(restarted, "Bob", "restarts");
        await bob.ExpectMessagesAsync(all);
    }

    [Fact]
    public async Task The_page_reconnects_when_the_server_stops_gracefully()
    {
        var port = $"{RedisServer.FreePort()}";
        await using var chatRoom = await ChatRoomProcess.StartAsync("--port", port, "--redis", redis.Endpoint);
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", "stops");
        await ann.SendTextAsync("before the stop");
        await ann.ExpectMessagesAsync("before the stop");

        var (exitCode, took) = await chatRoom.StopAsync();

        TestContext.Current.TestOutputHelper?.WriteLine($"The sample stopped within {took.TotalMilliseconds:0} ms.");
        Assert.Equal(0, exitCode);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(4)); // The server waits 5 s for a client that does not answer the close frame.
        await ann.ExpectStateAsync("reconnecting");
        await ann.SendTextAsync("while it is away");
        await using var restarted = await ChatRoomProcess.StartAsync("--port", port, "--redis", redis.Endpoint);
        await ann.ExpectStateAsync("live");
        await ann.ExpectMessagesAsync("before the stop", "while it is away");
    }

    [Fact]
    public async Task The_page_reports_a_restart_of_the_server_without_its_history()
    {
        var port = $"{RedisServer.FreePort()}";
        await using var chatRoom = await ChatRoomProcess.StartAsync("--port", port);
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", "lost");
        await ann.SendTextAsync("before the restart");
        await ann.ExpectMessagesAsync("before the restart");

        await chatRoom.KillAsync();
        await ann.ExpectStateAsync("reconnecting");
        await ann.SendTextAsync("while it is away");
        await using var restarted = await ChatRoomProcess.StartAsync("--port", port);

        await ann.ExpectMessagesAsync("before the restart", "while it is away");
        await Assertions.Expect(ann.Locator("li.gap")).ToHaveTextAsync(["Older messages were lost on the server"]);
        await Assertions.Expect(ann.Locator("li.gap + li.message .text")).ToHaveTextAsync(["while it is away"]);
    }

    [Fact]
    public async Task Messages_wait_in_order_while_Redis_is_unavailable()
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync("--redis", redis.Endpoint);
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", "outage");
        await ann.SendTextAsync("stored");
        await ann.ExpectMessagesAsync("stored");

        await redis.KillAsync();
        foreach (var text in new[] { "one", "two", "three" })
            await ann.SendTextAsync(text);
        await Assertions.Expect(ann.Locator("#problem")).ToContainTextAsync("The server cannot store messages at present.");
        await Assertions.Expect(ann.Locator("#pending .text")).ToHaveTextAsync(["one", "two", "three"]);
        await ann.SendTextAsync("four");
        await redis.StartAsync();

        await ann.ExpectMessagesAsync("stored", "one", "two", "three", "four");
        await Assertions.Expect(ann.Locator("#problem")).ToBeEmptyAsync();
    }

    [Fact]
    public async Task Pending_messages_survive_a_reload()
    {
        var port = $"{RedisServer.FreePort()}";
        await using var chatRoom = await ChatRoomProcess.StartAsync("--port", port, "--redis", redis.Endpoint);
        await using var proxy = TcpProxy.Start(chatRoom.Address);
        var ann = await _visitors.OpenAsync(proxy.Address);
        await ann.JoinAsync("Ann", "reloads");
        await ann.SendTextAsync("stored");
        await ann.ExpectMessagesAsync("stored");

        proxy.StopForwarding();
        await ann.SendTextAsync("said into the void");
        await ann.SendTextAsync("and this too");
        await ann.ReloadAsync();
        await ann.JoinAsync("Ann", "reloads");

        await ann.ExpectMessagesAsync("stored", "said into the void", "and this too");
    }

    [Fact]
    public async Task A_client_that_was_offline_for_too_long_receives_the_number_of_missing_messages()
    {
        var chatRoom = await shared.GetAsync();
        using var bob = await chatRoom.ConnectAsync("/chat/gaps?name=Bob");
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", "gaps");
        await bob.SendTextAsync("first");
        await ann.ExpectMessagesAsync("first");

        await ann.Context.SetOfflineAsync(true);
        await ann.ExpectStateAsync("offline");
        await ann.SendTextAsync("typed offline");
        for (var i = 1; i <= 357; i++)
            await bob.SendTextAsync($"{i}");
        while (await bob.ReceiveTextAsync() != "357")
        {
        }

        await ann.Context.SetOfflineAsync(false);

        await ann.ExpectMessagesAsync(["first", .. Enumerable.Range(258, 100).Select(i => $"{i}"), "typed offline"]);
        await Assertions.Expect(ann.Locator("li.gap")).ToHaveTextAsync(["257 messages are missing here"]);
        await Assertions.Expect(ann.Locator("li.gap + li.message .text")).ToHaveTextAsync(["258"]);
    }

    [Fact]
    public async Task A_silent_connection_is_closed()
    {
        var chatRoom = await shared.GetAsync();
        await using var proxy = TcpProxy.Start(chatRoom.Address);
        using var bob = await chatRoom.ConnectAsync("/chat/silence?name=Bob");
        var ann = await _visitors.OpenAsync(proxy.Address);
        await ann.Clock.InstallAsync();
        await ann.JoinAsync("Ann", "silence");
        await ann.SendTextAsync("heard");
        await ann.ExpectMessagesAsync("heard");

        proxy.StopForwarding();
        await ann.SendTextAsync("said into the void");
        await bob.SendTextAsync("Are you there?");
        await ann.Clock.FastForwardAsync("00:39");
        await ann.ExpectStateAsync("live");
        await ann.Clock.FastForwardAsync("00:02");

        await ann.ExpectMessagesAsync("heard", "Are you there?", "said into the void");
        await ann.ExpectStateAsync("live");
    }

    [Fact]
    public async Task The_page_continues_on_another_node_when_its_node_is_killed()
    {
        await using var first = await ChatRoomProcess.StartAsync("--redis", redis.Endpoint);
        await using var second = await ChatRoomProcess.StartAsync("--redis", redis.Endpoint);
        await using var balancer = TcpProxy.Start(first.Address);
        var ann = await _visitors.OpenAsync(balancer.Address);
        await ann.JoinAsync("Ann", "nodes");
        var bob = await _visitors.JoinAsync(second, "Bob", "nodes");
        await ann.SendTextAsync("I am at the first.");
        await bob.ExpectMessagesAsync("I am at the first.");
        await bob.SendTextAsync("And I at the second.");
        await ann.ExpectMessagesAsync("I am at the first.", "And I at the second.");
        await Assertions.Expect(bob.Locator("#here")).ToContainTextAsync("Ann");

        balancer.Server = second.Address;
        await first.KillAsync();
        await ann.SendTextAsync("Where am I?");
        await bob.SendTextAsync("Are you there?");

        await ann.ExpectStateAsync("live");
        await Assertions.Expect(ann.Locator("#messages li.message .text")).ToHaveCountAsync(4);
        await Assertions.Expect(ann.Locator("#pending li")).ToHaveCountAsync(0);
        var order = await ann.Locator("#messages li.message .text").AllInnerTextsAsync();
        Assert.Equal(["Are you there?", "Where am I?"], order.Skip(2).Order());
        await bob.ExpectMessagesAsync([.. order]);
        await Assertions.Expect(ann.Locator("li.gap")).ToHaveCountAsync(0);
        await ann.SaveScreenshotAsync("chat-room-ann.png");
        await bob.SaveScreenshotAsync("chat-room-bob.png");
    }
}

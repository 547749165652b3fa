using System.Net.WebSockets;

namespace ChatKit.Testing.Tests.Server;

/// <summary>What goes wrong on demand, and how ChatKit reacts.</summary>
public sealed class FaultTests : ServerFixture
{
    [Fact]
    public async Task A_client_that_was_cut_off_resumes_without_loss()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await using var bob = await server.ConnectAsync("/chat/kitchen", "bob");
        await bob.SendAsync("1");
        await anna.ReceiveAsync("message");

        await anna.CutAsync();
        Assert.Contains("close 1006", Script.Calls);
        await bob.SendAsync("2");
        await bob.SendAsync("3");
        await anna.ReconnectAsync();
        await bob.SendAsync("4");

        Assert.Equal(["2", "3", "4"], Texts(await anna.ReceiveAsync("message", 3)));
        var live = anna.Received.Last(static frame => frame.Type == "live");
        Assert.True(live.Json.GetProperty("recovered").GetBoolean());
    }

    [Fact]
    public async Task A_client_that_resumes_receives_the_changes_that_it_missed()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await using var bob = await server.ConnectAsync("/chat/kitchen", "bob");
        var first = (await bob.SendAsync("1")).GetValueOrDefault();
        var second = (await bob.SendAsync("2")).GetValueOrDefault();
        await bob.EditAsync(first, "1a");
        await anna.ReceiveAsync("change");

        await anna.CutAsync();
        await bob.EditAsync(second, "2a");
        await anna.ReconnectAsync();

        Assert.Equal("2a", (await anna.ReceiveAsync("change")).Text);
        Assert.Single(anna.Received, static frame => frame.Text == "1a");
    }

    [Fact]
    public async Task A_client_that_was_away_for_too_long_receives_a_gap()
    {
        var server = await StartAsync(static options => options.HistoryCapacity = 2);
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await using var bob = await server.ConnectAsync("/chat/kitchen", "bob");
        await bob.SendAsync("1");
        await anna.ReceiveAsync("message");

        await anna.CutAsync();
        for (var i = 2; i <= 5; i++)
            await bob.SendAsync($"{i}");
        await anna.ReconnectAsync();

        Assert.Equal(2, (await anna.ReceiveAsync("gap")).Json.GetProperty("missed").GetInt32());
        Assert.Equal(["4", "5"], Texts(await anna.ReceiveAsync("message", 2)));
    }

    [Fact]
    public async Task A_client_resumes_a_room_that_it_joins_again()
    {
        var server = await StartAsync(connections: static options => options.AllowClientJoins = true);
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await anna.JoinAsync("garden");
        await anna.SendAsync("1", "garden");
        await anna.ReceiveAsync("message");

        await anna.ReconnectAsync();
        await server.Broadcaster.BroadcastAsync("garden", "2");
        await anna.JoinAsync("garden");

        Assert.Equal("2", (await anna.ReceiveAsync("message")).Text);
        Assert.Single(anna.Received, static frame => frame.Text == "1");
    }

    [Fact]
    public async Task A_client_skips_what_its_former_connection_has_sent_to_the_others()
    {
        var server = await ChatTestServer.StartAsync(static _ => { }, static chat => chat.Map<ToOthers>("/chat/{room}"));
        await using var owned = server;
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await anna.SendAsync("mine");

        await anna.ReconnectAsync();

        Assert.Equal(["skip"], anna.Received.Where(static frame => frame.Type is "skip" or "message").Select(static frame => frame.Type).Distinct());
    }

    [Fact]
    public async Task A_delay_holds_back_what_a_client_receives()
    {
        var server = await StartAsync(isClockFake: true);
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await using var bob = await server.ConnectAsync("/chat/kitchen", "bob");
        anna.Delay = TimeSpan.FromSeconds(3);

        await bob.SendAsync("hi");
        await bob.ReceiveAsync("message");
        Clock.Advance(TimeSpan.FromSeconds(2.9));
        Assert.DoesNotContain("hi", Texts(anna.Received));
        var receiving = anna.ReceiveAsync("message");
        await Patience.UntilAsync(
            () =>
            {
                Clock.Advance(TimeSpan.FromSeconds(0.1));
                return receiving.IsCompleted;
            },
            "the message arrives");

        Assert.Equal("hi", (await receiving).Text);
        Assert.Throws<ArgumentOutOfRangeException>(() => anna.Delay = TimeSpan.FromSeconds(-1));
    }

    [Fact]
    public async Task A_slow_reader_delays_nobody_and_catches_up()
    {
        var server = await StartAsync(connections: static options => options.OutboundQueueLimit = 16 * 1024);
        await using var slow = await server.ConnectAsync("/chat/kitchen", "slow");
        await using var bob = await server.ConnectAsync("/chat/kitchen", "bob");
        slow.PauseReading();

        var texts = Enumerable.Range(1, 50).Select(static i => $"{i} {new string('x', 1000)}").ToList();
        foreach (var text in texts)
            await bob.SendAsync(text);
        Assert.Equal(texts, Texts(await bob.ReceiveAsync("message", 50)));
        Assert.True(slow.Received.Count < 10);
        slow.ResumeReading();

        Assert.Equal(texts, Texts(await slow.ReceiveAsync("message", 50)));
        Assert.DoesNotContain("gap", slow.Received.Select(static frame => frame.Type));
    }

    [Fact]
    public async Task A_slow_reader_in_a_room_without_history_is_disconnected()
    {
        var server = await StartAsync(
            static options => options.HistoryCapacity = 0, static options => options.OutboundQueueLimit = 16 * 1024);
        await using var slow = await server.ConnectAsync("/chat/kitchen", "slow");
        await using var bob = await server.ConnectAsync("/chat/kitchen", "bob");
        slow.PauseReading();
        for (var i = 0; i < 50; i++)
        {
            await bob.SendAsync($"{i} {new string('x', 1000)}");
            await bob.ReceiveAsync("message"); // The room has delivered it then. And he isn't slow himself.
        }

        slow.ResumeReading();

        var close = await slow.ReceiveCloseAsync();
        Assert.Equal(1008, (int)close.Code);
        Assert.Contains("slow", close.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_does_not_read_any_more_is_disconnected_after_the_ping_timeout()
    {
        var server = await StartAsync(isClockFake: true);
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        anna.PauseReading();

        await Patience.UntilAsync(
            () =>
            {
                Clock.Advance(TimeSpan.FromSeconds(20));
                return Script.Calls.Contains("close 1006");
            },
            "the server gives up");
        anna.ResumeReading();

        Assert.Equal(1006, (int)(await anna.ReceiveCloseAsync()).Code);
    }

    [Fact]
    public async Task While_the_store_is_away_messages_are_refused_and_hold_those_after_them()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await using var bob = await server.ConnectAsync("/chat/kitchen", "bob");

        server.IsStoreAvailable = false;
        Assert.Equal("unavailable", await CodeOf(() => anna.SendAsync("1", reference: "a-1")));
        server.IsStoreAvailable = true;
        Assert.Equal("unavailable", await CodeOf(() => anna.SendAsync("2", reference: "a-2")));
        await anna.SendAsync("1", reference: "a-1");
        await anna.SendAsync("2", reference: "a-2");

        Assert.Equal(["1", "2"], Texts(await bob.ReceiveAsync("message", 2)));

        static async Task<string> CodeOf(Func<Task> send) => (await Assert.ThrowsAsync<ChatRefusedException>(send)).Code;
    }

    [Fact]
    public async Task A_client_that_connects_while_the_store_is_away_receives_everything_when_it_is_back()
    {
        var server = await StartAsync();
        await server.Broadcaster.BroadcastAsync("kitchen", "stored");
        server.IsStoreAvailable = false;
        await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await server.Broadcaster.BroadcastAsync("kitchen", "lost"));
        await using var anna = await server.ConnectAsync("/chat/kitchen", new ChatTestClientOptions { WaitUntilLive = false });
        await anna.ReceiveAsync("welcome");

        server.IsStoreAvailable = true;

        Assert.Equal("stored", (await anna.ReceiveAsync("message")).Text);
        await anna.ReceiveAsync("live");
    }

    [Fact]
    public async Task A_message_that_the_backplane_lost_is_read_from_history_when_the_next_one_arrives()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");

        server.LoseNextMessages();
        await server.Broadcaster.BroadcastAsync("kitchen", "lost");
        await server.Broadcaster.BroadcastAsync("kitchen", "next");

        Assert.Equal(["lost", "next"], Texts(await anna.ReceiveAsync("message", 2)));
    }

    [Fact]
    public async Task A_message_that_the_backplane_lost_is_found_by_the_next_check_of_the_room()
    {
        var server = await StartAsync(isClockFake: true);
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        server.LoseNextMessages();
        await anna.SendAsync("lost");
        Assert.DoesNotContain("lost", Texts(anna.Received));

        Clock.Advance(TimeSpan.FromSeconds(10)); // Not more: a client that hasn't answered a ping for 20 seconds is closed.

        Assert.Equal("lost", (await anna.ReceiveAsync("message")).Text);
    }

    [Fact]
    public async Task A_lost_message_that_is_not_stored_is_gone()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");

        server.LoseNextMessages();
        await anna.SendAsync("ephemeral");
        await anna.SendAsync("next");

        Assert.Equal("next", (await anna.ReceiveAsync("message")).Text);
    }

    [Fact]
    public async Task A_connection_whose_credentials_expire_is_closed()
    {
        var server = await StartAsync(isClockFake: true);
        var options = new ChatTestClientOptions { ExpiresAt = Clock.GetUtcNow() + TimeSpan.FromMinutes(10) };
        await using var anna = await server.ConnectAsync("/chat/kitchen", options);

        Clock.Advance(TimeSpan.FromMinutes(11));

        var close = await anna.ReceiveCloseAsync();
        Assert.Equal((1008, "the credentials have expired"), ((int)close.Code, close.Reason));
    }

    [Fact]
    public async Task A_user_who_is_kicked_is_closed_on_every_connection()
    {
        var server = await StartAsync();
        var other = await server.AddNodeAsync();
        await using var phone = await server.ConnectAsync("/chat/kitchen", "anna");
        await using var laptop = await other.ConnectAsync("/chat/garden", "anna");
        await using var bob = await other.ConnectAsync("/chat/garden", "bob");

        await server.Broadcaster.DisconnectUserAsync("anna", (WebSocketCloseStatus)4001, "kicked");

        Assert.Equal((4001, "kicked"), await CloseOf(phone));
        Assert.Equal((4001, "kicked"), await CloseOf(laptop));
        Assert.NotNull(await bob.SendAsync("still here"));

        static async Task<(int, string?)> CloseOf(ChatTestClient client)
        {
            var close = await client.ReceiveCloseAsync();
            return ((int)close.Code, close.Reason);
        }
    }

    private sealed class ToOthers : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) =>
            BroadcastAsync(message.Text, new BroadcastOptions { Audience = Audience.Others });
    }
}

using ChatKit.Client.Tests.Fixtures;

namespace ChatKit.Client.Tests;

/// <summary>Make before break.</summary>
public sealed class ReplacementTests : IAsyncLifetime
{
    private const string Restart = """{"type":"restart","retry":0.01}""";

    private ScriptedServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task After_restart_the_client_catches_up_on_a_new_connection_before_it_leaves_the_old_one()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var old = await LiveAsync(client);
        await old.SendMessageAsync("e:2", "two");
        Assert.Equal(["e:2 two"], await events.SeeAsync(1));
        await old.SendAsync(Restart);

        var next = await _server.WelcomeAsync();
        Assert.Equal(("lobby~e:2", "c1"), (Assert.Single(next.After), Assert.Single(next.Former)));
        await old.SendMessageAsync("e:3", "three");
        Assert.Equal(["e:3 three"], await events.SeeAsync(1));
        _ = client.SendAsync("still on the old one");
        await old.ReceiveAsync("message", "still on the old one");
        await next.SendMessageAsync("e:3", "three");
        await next.SendMessageAsync("e:4", "four");
        await next.SendLiveAsync("e:4");
        Assert.Equal(1000, await old.ReceiveCloseAsync());
        await old.SendMessageAsync("e:4", "four");
        await old.SendMessageAsync("e:5", "five");
        await old.CloseAsync(1000);
        await next.SendMessageAsync("e:5", "five");

        Assert.Equal(["e:4 four", "e:5 five"], await events.SeeAsync(2));
        Assert.Equal(ChatState.Live, client.State);
        await next.SendAckAsync(await next.ReceiveAsync("message", "still on the old one"), "e:6");
        await client.DisposeAsync();
        Assert.Equal(ChatState.Closed, (await events.NextAsync<StateChanged>()).State); // So there was no other state in between.
    }

    [Fact]
    public async Task Before_its_credentials_expire_the_client_opens_a_new_connection_with_a_new_token()
    {
        var count = 0;
        await using var client = Clients.Start(_server.Address, options => options.Token = _ => Task.FromResult<string?>($"t{++count}"));
        var old = await LiveAsync(client, ""","expires":1.2""");

        var next = await _server.LiveAsync(more: ""","expires":3600""");

        Assert.Equal("Bearer t2", next.Authorization);
        Assert.Equal(1000, await old.ReceiveCloseAsync());
    }

    [Fact]
    public async Task The_old_connection_is_kept_until_all_joined_rooms_are_live_on_the_new_one()
    {
        await using var client = Clients.Start(_server.Address);
        var old = await LiveAsync(client);
        var joining = client.JoinAsync("team");
        await AcknowledgeAsync(old, "join", "team");
        var room = await joining.Soon();
        await using var events = room.Read();
        await old.SendMessageAsync("t:1", "one", "team");
        await old.SendLiveAsync("t:1", "team");
        Assert.Equal(["t:1 one"], await events.SeeAsync(1));
        await old.SendAsync(Restart);
        var next = await _server.WelcomeAsync();
        await AcknowledgeAsync(next, "join", "team");
        await next.SendLiveAsync("e:1");
        await old.SendMessageAsync("t:2", "two", "team");
        Assert.Equal(["t:2 two"], await events.SeeAsync(1));
        _ = room.SendAsync("hi");
        await old.ReceiveAsync("message", "hi");

        await next.SendMessageAsync("t:2", "two", "team");
        await next.SendLiveAsync("t:2", "team");

        Assert.Equal(1000, await old.ReceiveCloseAsync());
        await next.ReceiveAsync("message", "hi");
    }

    [Fact]
    public async Task Rooms_are_joined_and_left_on_both_connections()
    {
        await using var client = Clients.Start(_server.Address);
        var old = await LiveAsync(client);
        await old.SendAsync(Restart);
        var next = await _server.WelcomeAsync();
        await next.SendAsync("""{"type":"ping"}""");
        await next.ReceiveAsync("pong");

        var joining = client.JoinAsync("team");
        await AcknowledgeAsync(next, "join", "team");
        await AcknowledgeAsync(old, "join", "team");
        var leaving = (await joining.Soon()).LeaveAsync();
        await AcknowledgeAsync(next, "leave", "team");
        await AcknowledgeAsync(old, "leave", "team");

        await leaving.Soon();
    }

    [Fact]
    public async Task If_no_new_connection_can_be_opened_the_old_one_is_kept_until_it_ends()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var old = await LiveAsync(client);
        _server.Status = 401;
        await old.SendAsync(Restart);
        await Patience.UntilAsync(() => _server.Handshakes > 1, "the client has tried to connect");

        await old.SendMessageAsync("e:2", "two");
        Assert.Equal(["e:2 two"], await events.SeeAsync(1));
        Assert.Equal(ChatState.Live, client.State);
        _server.Status = null;
        await old.CloseAsync(1012);

        await _server.LiveAsync("e:2");
    }

    [Fact]
    public async Task A_new_connection_that_is_lost_is_opened_again_and_the_old_one_goes_on()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var old = await LiveAsync(client);
        await old.SendAsync(Restart);
        (await _server.WelcomeAsync()).Abort();

        var next = await _server.WelcomeAsync();
        await old.SendMessageAsync("e:2", "two");
        Assert.Equal(["e:2 two"], await events.SeeAsync(1));
        await next.SendLiveAsync("e:2");

        Assert.Equal(1000, await old.ReceiveCloseAsync());
    }

    [Fact]
    public async Task If_the_old_connection_ends_meanwhile_the_new_one_takes_its_place()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var old = await LiveAsync(client);
        _ = client.SendAsync("a");
        await old.ReceiveAsync("message", "a");
        await old.SendAsync(Restart);
        var next = await _server.WelcomeAsync();
        await next.SendAsync("""{"type":"ping"}""");
        await next.ReceiveAsync("pong");
        await events.UntilAsync(ChatState.Live);

        await old.CloseAsync(1012);

        await events.UntilAsync(ChatState.Reconnecting);
        await next.ReceiveAsync("message", "a");
        await next.SendLiveAsync("e:1");
        await events.UntilAsync(ChatState.Live);
        Assert.Equal(2, _server.Handshakes);
    }

    [Fact]
    public async Task If_the_old_connection_ends_while_another_room_is_not_live_the_new_one_takes_over_all_that_it_has()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var old = await LiveAsync(client);
        var joining = client.JoinAsync("team");
        await AcknowledgeAsync(old, "join", "team");
        await joining.Soon();
        await old.SendAsync(Restart);
        var next = await _server.WelcomeAsync();
        await AcknowledgeAsync(next, "join", "team");
        await next.SendAsync("""{"type":"live","room":"lobby","position":"e:5","recovered":true,"read":"e:3","unread":2}""");
        await next.SendAsync("""{"type":"presence","room":"lobby","here":["ann"]}""");
        await next.SendAsync("""{"type":"ping"}""");
        await next.ReceiveAsync("pong");
        await events.UntilAsync(ChatState.Live);

        await old.CloseAsync(1012);

        Assert.Equal("e:3", (await events.NextAsync<RoomLive>()).Read.ToString());
        Assert.Equal(["ann"], (await events.NextAsync<PresenceChanged>()).Here);
        Assert.Equal(ChatState.Live, client.State);
        client.MarkRead(MessagePosition.Parse("e:4"));
        Assert.Equal("e:4", (await next.ReceiveAsync()).GetProperty("position").GetString());
    }

    [Fact]
    public async Task A_server_that_closes_at_once_gets_its_clients_back_after_the_time_of_restart()
    {
        await using var client = Clients.Start(
            _server.Address, static options => options.RetryPolicy = new FullJitterRetryPolicy { First = Clients.Long, Limit = Clients.Long });
        var old = await LiveAsync(client);
        await old.SendAsync("""{"type":"restart","retry":0.1}""");
        await old.CloseAsync(1012);

        await _server.LiveAsync();
    }

    [Fact]
    public async Task An_answer_of_the_old_connection_still_counts()
    {
        await using var client = Clients.Start(_server.Address);
        var old = await LiveAsync(client);
        var sending = client.SendAsync("a");
        var reference = await old.ReceiveAsync("message", "a");
        await old.SendAsync(Restart);
        var next = await _server.LiveAsync();
        Assert.Equal(1000, await old.ReceiveCloseAsync());

        await old.SendAckAsync(reference, "e:2");

        Assert.Equal("e:2", (await sending.Soon()).ToString());
        await next.SendAckAsync(await next.ReceiveAsync("message", "a"), "e:2");
    }

    [Fact]
    public async Task A_reset_that_both_connections_report_is_reported_once()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var old = await LiveAsync(client, position: "e:7");
        await old.SendMessageAsync("e:8", "eight");
        Assert.Equal(["e:8 eight"], await events.SeeAsync(1));
        await old.SendAsync(Restart);
        var next = await _server.WelcomeAsync();
        const string Reset = """{"type":"gap","room":"lobby","after":"e:8","next":"f:1","reset":true}""";
        await next.SendAsync(Reset);
        await next.SendMessageAsync("f:1", "uno");
        await old.SendMessageAsync("e:9", "lost");
        await old.SendAsync(Reset.Replace("e:8", "e:9", StringComparison.Ordinal));
        await old.SendMessageAsync("f:1", "uno");
        Assert.Equal(["e:9 lost", "gap e:9 to f:1: reset", "f:1 uno"], await events.SeeAsync(3));

        await next.SendMessageAsync("f:2", "due");
        await next.SendLiveAsync("f:2");
        await next.SendMessageAsync("f:3", "tre");

        Assert.Equal(["f:2 due", "f:3 tre"], await events.SeeAsync(2));
    }

    [Fact]
    public async Task A_new_connection_that_is_behind_moves_nothing_back()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var old = await LiveAsync(client, position: ":0");
        await old.SendAsync(Restart);
        var next = await _server.WelcomeAsync();
        await old.SendMessageAsync("e:1", "one");
        Assert.Equal(["e:1 one"], await events.SeeAsync(1));

        await next.SendAsync("""{"type":"live","room":"lobby","position":":0","recovered":true}""");
        await next.SendMessageAsync("e:1", "one");
        await next.SendMessageAsync("e:2", "two");

        Assert.Equal(["e:2 two"], await events.SeeAsync(1));
    }

    [Fact]
    public async Task A_new_connection_that_has_not_reached_the_epoch_of_the_old_one_is_ignored_until_then()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var old = await LiveAsync(client, position: "e:7");
        await old.SendAsync(Restart);
        var next = await _server.WelcomeAsync();
        const string Reset = """{"type":"gap","room":"lobby","after":"e:7","next":"f:1","reset":true}""";
        await old.SendAsync(Reset);
        await old.SendMessageAsync("f:1", "uno");
        Assert.Equal(["gap e:7 to f:1: reset", "f:1 uno"], await events.SeeAsync(2));

        await next.SendMessageAsync("e:8", "lost");
        await next.SendLiveAsync("e:8");
        await next.SendAsync(Reset);
        await next.SendMessageAsync("f:1", "uno");
        await next.SendMessageAsync("f:3", "tre");

        Assert.Equal(["gap f:1 to f:3: 1", "f:3 tre"], await events.SeeAsync(2));
    }

    [Fact]
    public async Task Changes_and_messages_that_are_not_stored_are_reported_once()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var old = await LiveAsync(client);
        await old.SendAsync(Restart);
        var next = await _server.WelcomeAsync();
        const string Bus = """{"type":"message","room":"lobby","at":"2026-11-22T18:00:02Z","data":"bus"}""";
        const string ForUser = """{"type":"message","at":"2026-11-22T18:00:02Z","data":"for you"}""";
        const string Change = """{"type":"change","room":"lobby","position":"e:1","revision":3,"at":"2026-11-22T18:02:00Z","data":"uno"}""";
        foreach (var frame in (string[])[Bus, Bus, ForUser, Change])
            await old.SendAsync(frame);
        Assert.Equal(["bus", "bus", "for you"], await events.SeeAsync(3));
        Assert.Equal("uno", (await events.NextAsync<MessageChanged>()).Text);

        foreach (var frame in (string[])[Bus, Bus, Bus, ForUser, Change])
            await next.SendAsync(frame);
        await next.SendMessageAsync("e:2", "two");
        await next.SendLiveAsync("e:2");

        Assert.Equal(["bus", "e:2 two"], await events.SeeAsync(2));
    }

    [Fact]
    public async Task A_gap_of_the_new_connection_that_the_old_one_has_filled_is_not_reported()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var old = await LiveAsync(client);
        await old.SendAsync(Restart);
        var next = await _server.WelcomeAsync();
        for (var i = 2; i <= 4; i++)
            await old.SendMessageAsync($"e:{i}", $"{i}");
        Assert.Equal(["e:2 2", "e:3 3", "e:4 4"], await events.SeeAsync(3));

        await next.SendAsync("""{"type":"gap","room":"lobby","after":"e:1","next":"e:5","missed":3}""");
        await next.SendMessageAsync("e:5", "5");
        await next.SendAsync("""{"type":"gap","room":"lobby","after":"e:5","next":"e:7","missed":1}""");
        await next.SendMessageAsync("e:7", "7");
        await next.SendLiveAsync("e:7");

        Assert.Equal(["e:5 5", "gap e:5 to e:7: 1", "e:7 7"], await events.SeeAsync(3));
    }

    private async Task<ScriptedConnection> LiveAsync(ChatClient client, string more = "", string position = "e:1")
    {
        var connection = await _server.LiveAsync(position, more);
        await client.ConnectAsync().Soon();
        return connection;
    }

    private static async Task AcknowledgeAsync(ScriptedConnection connection, string type, string room) =>
        await connection.SendAsync($$"""{"type":"ack","ref":"{{await connection.ReceiveAsync(type)}}","room":"{{room}}"}""");
}

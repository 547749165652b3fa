using ChatKit.Client.Connections;
using ChatKit.Client.Tests.Fixtures;

namespace ChatKit.Client.Tests;

public sealed class EventsTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Events_that_precede_the_first_reader_wait_for_it_and_later_readers_get_what_follows()
    {
        await using var client = Clients.Start(_server.Address);
        var connection = await _server.WelcomeAsync();
        await connection.SendMessageAsync("e:1", "one");
        await connection.SendLiveAsync("e:1");
        await client.ConnectAsync().Soon();

        await using var first = client.Read();
        Assert.Equal(["e:1 one"], await first.SeeAsync(1));
        await using var second = client.Read();
        await connection.SendMessageAsync("e:2", "two");

        Assert.Equal(["e:2 two"], await second.SeeAsync(1));
        Assert.Equal(["e:2 two"], await first.SeeAsync(1));
    }

    [Fact]
    public async Task A_message_has_all_that_the_server_states()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var connection = await _server.WelcomeAsync();
        await connection.SendAsync(
            """
            {"type":"message","room":"lobby","position":"e:1","from":"ann","at":"2026-11-22T18:00:00Z","edited":"2026-11-22T18:01:00Z",
            "base64":"AQI="}
            """);
        await connection.SendAsync("""{"at":"2026-11-22T18:00:00Z","json":{"Question":"when?","Options":[]},"type":"message","later":[{}]}""");
        await connection.SendLiveAsync("e:1");
        await connection.SendAsync("""{"type":"message","room":"lobby","position":"e:2","at":"2026-11-22T18:00:00Z","deleted":true}""");
        await connection.SendAsync("""{"type":"message","room":"lobby","at":"2026-11-22T18:00:00Z","json":null}""");

        var bytes = await events.NextAsync<MessageReceived>();
        var json = await events.NextAsync<MessageReceived>();
        var deleted = await events.NextAsync<MessageReceived>();
        var ephemeral = await events.NextAsync<MessageReceived>();

        var at = new DateTimeOffset(2026, 11, 22, 18, 0, 0, TimeSpan.Zero);
        Assert.Equal(("lobby", "ann", at, at.AddMinutes(1), false), (bytes.Room, bytes.From, bytes.At, bytes.EditedAt, bytes.IsLive));
        Assert.Equal("e:1", bytes.Position.ToString());
        Assert.Equal([1, 2], bytes.Bytes!.Value.ToArray());
        Assert.Throws<InvalidOperationException>(() => bytes.ReadJson(SendingJson.Default.Poll));
        Assert.Equal("when?", json.ReadJson(SendingJson.Default.Poll)!.Question);
        Assert.Null(json.Room);
        Assert.True(deleted is { IsDeleted: true, IsLive: true, Text: null, Bytes: null, Json: null });
        Assert.True(ephemeral is { Position: null, Json.ValueKind: System.Text.Json.JsonValueKind.Null });
    }

    [Fact]
    public async Task A_slow_reader_delays_nobody_and_is_told_how_many_events_it_missed()
    {
        await using var client = Clients.Start(_server.Address, static options => options.MaxQueuedEvents = 4);
        await using var slow = client.Read();
        var connection = await _server.LiveAsync("e:0");
        await client.ConnectAsync().Soon(); // Three states, and live.
        await using var quick = client.Read();
        for (var i = 1; i <= 10; i++)
        {
            await connection.SendMessageAsync($"e:{i}", $"{i}");
            Assert.Equal([$"e:{i} {i}"], await quick.SeeAsync(1));
        }

        var read = new List<ChatEvent>();
        while (read is not [.., EventsDropped])
            read.Add((await slow.NextAsync())!);
        await connection.SendMessageAsync("e:11", "11");

        Assert.Equal(4 + 1, read.Count);
        Assert.Equal(10, ((EventsDropped)read[^1]).Count + read.OfType<MessageReceived>().Count());
        Assert.Equal(["e:11 11"], await slow.SeeAsync(1));
    }

    [Fact]
    public async Task Gaps_are_reported_with_the_next_message_and_duplicates_are_dropped()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var first = await _server.WelcomeAsync();
        await first.SendMessageAsync("e:1", "one");
        await first.SendMessageAsync("e:1", "one");
        await first.SendAsync("""{"type":"gap","room":"lobby","after":"e:1","next":"e:5","missed":3}""");
        await first.SendMessageAsync("e:5", "five");
        await first.SendMessageAsync("e:8", "eight");
        await first.SendAsync("""{"type":"skip","room":"lobby","position":"e:9"}""");
        await first.SendMessageAsync("e:10", "ten");
        Assert.Equal(["e:1 one", "gap e:1 to e:5: 3", "e:5 five", "gap e:5 to e:8: 2", "e:8 eight", "e:10 ten"], await events.SeeAsync(6));
        await first.SendAsync("""{"type":"gap","room":"lobby","after":"e:10","next":"e:12","missed":1}""");
        await first.SendAsync("""{"type":"message","at":"2026-11-22T18:00:00Z","data":"for you"}""");
        Assert.Equal(["for you"], await events.SeeAsync(1));
        first.Abort();

        var second = await _server.WelcomeAsync();
        Assert.Equal(["lobby~e:10"], second.After);
        await second.SendAsync("""{"type":"gap","room":"lobby","after":"e:10","next":"f:1","reset":true}""");
        await second.SendMessageAsync("f:1", "uno");

        Assert.Equal(["gap e:10 to f:1: reset", "f:1 uno"], await events.SeeAsync(2));
    }

    [Fact]
    public async Task After_a_reset_without_a_message_the_client_resumes_before_the_first()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var first = await _server.WelcomeAsync();
        await first.SendMessageAsync("e:7", "seven");
        await first.SendAsync("""{"type":"gap","room":"lobby","after":"e:7","reset":true}""");
        Assert.Equal(["e:7 seven", "gap e:7 to ?: reset"], await events.SeeAsync(2));
        first.Abort();

        Assert.Equal(["lobby~:0"], (await _server.WelcomeAsync()).After);
    }

    [Fact]
    public async Task A_stream_can_start_again_at_an_earlier_position_of_the_same_epoch()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var connection = await _server.WelcomeAsync();
        await connection.SendMessageAsync("e:7", "seven");

        await connection.SendAsync("""{"type":"gap","room":"lobby","after":"e:7","next":"e:6","reset":true}""");
        await connection.SendMessageAsync("e:6", "another six");
        await connection.SendMessageAsync("e:6", "another six");
        await connection.SendMessageAsync("e:7", "another seven");

        Assert.Equal(["e:7 seven", "gap e:7 to e:6: reset", "e:6 another six", "e:7 another seven"], await events.SeeAsync(4));
    }

    [Fact]
    public async Task A_client_that_does_not_read_for_a_while_keeps_its_connection()
    {
        var probe = new Probe();
        await using var client = Clients.Start(_server.Address, options => options.Probe = probe);
        await using var events = client.Read();
        var connection = await _server.WelcomeAsync(ping: 0.2);
        for (var i = 1; i <= 10; i++)
            await connection.SendMessageAsync($"e:{i}", $"{i}");

        // This is longer than the time-out of a silent server. The client has not read, so the server may not be silent.
        await Task.Delay(TimeSpan.FromSeconds(0.6));
        probe.Reads.SetResult();

        Assert.Equal(Enumerable.Range(1, 10).Select(static i => $"e:{i} {i}"), await events.SeeAsync(10));
        Assert.Equal(1, _server.Handshakes);
    }

    [Fact]
    public async Task A_change_keeps_the_position_at_which_the_message_arrived_also_in_a_new_epoch()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var connection = await _server.WelcomeAsync();
        await connection.SendMessageAsync("e:1", "one");
        await connection.SendMessageAsync("f:2", "two");
        await connection.SendAsync(
            """{"type":"change","room":"lobby","position":"f:1","revision":3,"at":"2026-11-22T18:02:00Z","by":"ann","data":"uno"}""");

        var change = await events.NextAsync<MessageChanged>();

        Assert.Equal(("e:1", "uno", "ann", false), (change.Position.ToString(), change.Text, change.By, change.IsDeleted));
        connection.Abort();
        Assert.Equal(["lobby~f:2/3"], (await _server.WelcomeAsync()).After);
    }

    [Fact]
    public async Task Presence_adds_up_and_events_keep_what_they_state()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var connection = await _server.LiveAsync();
        await connection.SendAsync("""{"type":"presence","room":"lobby","here":["ann","bob"],"members":{"ann":{"name":"Ann B."}}}""");
        await connection.SendAsync("""{"type":"presence","room":"lobby","joined":["carl"],"left":["bob"]}""");
        await connection.SendAsync("""{"type":"presence","room":"lobby","changed":["ann"]}""");
        await connection.SendAsync("""{"type":"presence","room":"lobby","count":1234}""");

        PresenceChanged[] seen =
        [
            await events.NextAsync<PresenceChanged>(), await events.NextAsync<PresenceChanged>(),
            await events.NextAsync<PresenceChanged>(), await events.NextAsync<PresenceChanged>(),
        ];

        Assert.Equal(["ann", "bob"], seen[0].Here.Order());
        Assert.Equal("Ann B.", seen[0].Members["ann"].GetProperty("name").GetString());
        Assert.Equal(["ann", "carl"], seen[1].Here.Order());
        Assert.Equal(("carl", "bob", 2), (Assert.Single(seen[1].Joined), Assert.Single(seen[1].Left), seen[1].Count));
        Assert.Single(seen[1].Members);
        Assert.Equal(("ann", 0), (Assert.Single(seen[2].Changed), seen[2].Members.Count));
        Assert.Equal((0, 1234), (seen[3].Here.Count, seen[3].Count));
    }

    [Fact]
    public async Task Signals_and_reads_of_others_are_reported_and_live_states_what_is_unread()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var connection = await _server.WelcomeAsync();
        await connection.SendAsync("""{"type":"live","room":"lobby","position":"e:5","recovered":true,"read":"e:3","unread":2}""");
        await connection.SendAsync("""{"type":"read","room":"lobby","user":"ann","position":"e:4"}""");
        await connection.SendAsync("""{"type":"signal","room":"lobby","from":"ann","name":"typing","data":"…"}""");

        var live = await events.NextAsync<RoomLive>();
        var read = await events.NextAsync<ReadMoved>();
        var signal = await events.NextAsync<SignalReceived>();

        Assert.Equal(("lobby", true, "e:3", 2), (live.Room, live.Recovered, live.Read.ToString(), live.Unread));
        Assert.Equal(("lobby", "ann", "e:4"), (read.Room, read.User, read.Position.ToString()));
        Assert.Equal(("lobby", "ann", "typing", "…"), (signal.Room, signal.From, signal.Name, signal.Data));
    }

    [Fact]
    public async Task Frames_that_cannot_be_read_or_are_unknown_are_ignored()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var connection = await _server.WelcomeAsync();
        string[] frames =
        [
            "not JSON", "[]", "null", "{}", """{"type":"future","room":7}""", """{"type":"message","room":"lobby","position":"x"}""",
            """{"type":"gap","room":"lobby"}""",
        ];
        foreach (var frame in frames)
            await connection.SendAsync(frame);
        await connection.SendMessageAsync("e:1", "one");

        Assert.Equal(["e:1 one"], await events.SeeAsync(1));
    }

    [Fact]
    public async Task Events_end_when_the_client_is_disposed()
    {
        var client = Clients.Start(_server.Address);
        await _server.LiveAsync();
        await client.ConnectAsync().Soon();
        await using var events = client.Read();

        await client.DisposeAsync().AsTask().Soon();

        Assert.Equal(ChatState.Closed, (await events.UntilAsync(ChatState.Closed)).State);
        Assert.Null(await events.NextAsync());
        await using var late = client.Read();
        Assert.Null(await late.NextAsync());
    }

    /// <summary>Lets the client read <c>welcome</c>, and then nothing until the test says so.</summary>
    private sealed class Probe : IClientProbe
    {
        private volatile bool _isWelcome;

        public TaskCompletionSource Reads { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void OnEvent(ChatEvent happened)
        {
            // The events are read as usual.
        }

        public void OnWelcome() => _isWelcome = true;

        public void OnEntered(string room)
        {
            // It joins no room.
        }

        public Task BeforeReceiveAsync(CancellationToken ending) => _isWelcome ? Reads.Task : Task.CompletedTask;
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;
using ChatKit.Client.Tests.Fixtures;

namespace ChatKit.Client.Tests;

public sealed class SendingTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_message_is_sent_until_it_is_acknowledged_and_its_position_is_returned()
    {
        await using var client = Clients.Start(_server.Address);
        Task<MessagePosition>[] sending = [client.SendAsync("a"), client.SendAsync("b"), client.SendAsync("c")];
        var first = await _server.WelcomeAsync();
        string[] refs =
            [await first.ReceiveAsync("message", "a"), await first.ReceiveAsync("message", "b"), await first.ReceiveAsync("message", "c")];
        await first.SendAckAsync(refs[0], "e:1");
        Assert.Equal("e:1", (await sending[0].Soon()).ToString());
        first.Abort();

        var second = await _server.WelcomeAsync();
        Assert.Equal((refs[1], refs[2]), (await second.ReceiveAsync("message", "b"), await second.ReceiveAsync("message", "c")));
        await second.SendAckAsync(refs[1], "e:2");
        await second.SendAckAsync(refs[2]);

        Assert.Equal("e:2", (await sending[1].Soon()).ToString());
        Assert.Equal(MessagePosition.None, await sending[2].Soon());
        Assert.Empty(client.GetPending());
        Assert.All(refs, static reference => Assert.InRange(reference.Length, 1, 64));
    }

    [Fact]
    public async Task Bytes_JSON_edits_and_deletions_are_sent_in_order()
    {
        await using var client = Clients.Start(_server.Address);
        _ = client.SendAsync(new byte[] { 1, 2 });
        _ = client.SendAsync(new Poll("when?", ["12:00"]), SendingJson.Default.Poll);
        _ = client.EditAsync(MessagePosition.Parse("e:1"), "b€\ud800");
        _ = client.DeleteAsync(MessagePosition.Parse("e:2"));
        Assert.Equal(
            [PendingKind.Message, PendingKind.Message, PendingKind.Edit, PendingKind.Delete], client.GetPending().Select(static one => one.Kind));

        var connection = await _server.WelcomeAsync();
        JsonElement[] frames =
            [await connection.ReceiveAsync(), await connection.ReceiveAsync(), await connection.ReceiveAsync(), await connection.ReceiveAsync()];

        Assert.Equal("AQI=", frames[0].GetProperty("base64").GetString());
        Assert.Equal("""{"Question":"when?","Options":["12:00"]}""", frames[1].GetProperty("json").GetRawText());
        Assert.Equal(("edit", "e:1", "b€\ufffd"), (Member(frames[2], "type"), Member(frames[2], "position"), Member(frames[2], "data")));
        Assert.Equal(("delete", "e:2"), (Member(frames[3], "type"), Member(frames[3], "position")));
    }

    [Theory]
    [InlineData("malformed")]
    [InlineData("muted")]
    public async Task A_refused_message_fails_with_the_code_and_is_reported_with_its_content(string code)
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var connection = await _server.WelcomeAsync();
        var sending = client.SendAsync("bad");
        await connection.SendErrorAsync(await connection.ReceiveAsync("message", "bad"), code);

        var failure = await sending.FailsAsync();
        var reported = await events.NextAsync<ErrorReceived>();

        Assert.Equal((code, "why"), (failure.Code, failure.Message));
        Assert.Equal((code, "lobby", "bad", PendingKind.Message), (reported.Code, reported.Room, reported.Text, reported.Kind));
    }

    [Fact]
    public async Task Messages_that_could_not_be_stored_are_sent_again_in_order()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var connection = await _server.WelcomeAsync();
        _ = client.SendAsync("a");
        _ = client.SendAsync("b");
        var a = await connection.ReceiveAsync("message", "a");
        var b = await connection.ReceiveAsync("message", "b");

        await connection.SendErrorAsync(a, "unavailable");
        await connection.SendErrorAsync(b, "unavailable");

        Assert.Equal("unavailable", (await events.NextAsync<ErrorReceived>()).Code);
        Assert.Equal((a, b), (await connection.ReceiveAsync("message", "a"), await connection.ReceiveAsync("message", "b")));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-2, true)]
    [InlineData(300, false)] // The device has slept.
    [InlineData(-300, false)] // Nobody knows how old the message is.
    public async Task A_message_is_sent_again_if_the_clock_shows_that_it_is_new_enough(int seconds, bool isSentAgain)
    {
        var clock = new SetClock();
        await using var client = Clients.Start(_server.Address, options => options.TimeProvider = clock);
        var connection = await _server.WelcomeAsync();
        var first = client.SendAsync("first");
        await connection.ReceiveAsync("message", "first");
        clock.Shift = TimeSpan.FromSeconds(seconds);
        var second = client.SendAsync("second");
        await connection.ReceiveAsync("message", "second");
        connection.Abort();

        connection = await _server.WelcomeAsync();

        if (isSentAgain)
            await connection.ReceiveAsync("message", "first");
        else
            Assert.Equal(ChatErrorCodes.Unknown, (await first.FailsAsync()).Code);
        await connection.ReceiveAsync("message", "second");
        Assert.False(second.IsCompleted);
    }

    [Fact]
    public async Task The_number_of_pending_messages_is_limited()
    {
        await using var client = Clients.Create(_server.Address, static options => options.MaxPendingMessages = 2);
        _ = client.SendAsync("a");
        _ = client.SendAsync("b");

        var failure = await client.SendAsync("c").FailsAsync();

        Assert.Equal(ChatErrorCodes.OutboxFull, failure.Code);
        Assert.Contains("ChatClientOptions.MaxPendingMessages", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], client.GetPending().Select(static one => one.Text));
    }

    [Fact]
    public async Task The_size_of_pending_messages_is_limited()
    {
        await using var client = Clients.Create(_server.Address, static options => options.MaxPendingBytes = 1_000);
        _ = client.SendAsync("a");

        var failure = await client.SendAsync(new string('x', 1_000)).FailsAsync();

        Assert.Contains("ChatClientOptions.MaxPendingBytes", failure.Message, StringComparison.Ordinal);
        Assert.Single(client.GetPending());
    }

    [Fact]
    public async Task A_message_larger_than_the_limit_of_the_server_fails_and_the_next_one_is_sent()
    {
        await using var client = Clients.Start(_server.Address);
        var large = client.SendAsync(new string('x', 1024));
        _ = client.SendAsync("small");
        var connection = await _server.WelcomeAsync();

        await connection.ReceiveAsync("message", "small");

        Assert.Equal(ChatErrorCodes.TooBig, (await large.FailsAsync()).Code);
    }

    [Fact]
    public async Task The_outcome_of_a_message_that_was_sent_too_long_ago_is_unknown()
    {
        await using var client = Clients.Start(
            _server.Address, static options => options.Times = options.Times with { Resend = TimeSpan.FromMilliseconds(1) });
        var first = await _server.WelcomeAsync();
        var old = client.SendAsync("old");
        await first.ReceiveAsync("message", "old");
        await Task.Delay(TimeSpan.FromMilliseconds(5));
        first.Abort();

        var second = await _server.WelcomeAsync();

        Assert.Equal(ChatErrorCodes.Unknown, (await old.FailsAsync()).Code);
        _ = client.SendAsync("fresh");
        await second.ReceiveAsync("message", "fresh");
    }

    [Fact]
    public async Task A_message_of_one_user_is_not_sent_as_another()
    {
        await using var client = Clients.Start(_server.Address);
        var first = await _server.WelcomeAsync(""","user":"ann" """);
        await Patience.UntilAsync(() => client.User == "ann", "the client has a user");
        var sent = client.SendAsync("sent");
        await first.ReceiveAsync("message", "sent");
        first.Abort();

        var second = await _server.WelcomeAsync(""","user":"bob" """);
        Assert.Equal(ChatErrorCodes.Unknown, (await sent.FailsAsync()).Code);
        _ = client.SendAsync("by bob");
        await second.ReceiveAsync("message", "by bob");
    }

    [Fact]
    public async Task Rate_limited_messages_are_sent_again_on_a_new_connection_and_do_not_become_too_old()
    {
        await using var client = Clients.Start(
            _server.Address, static options => options.Times = options.Times with { Resend = TimeSpan.FromMilliseconds(1) });
        var sending = client.SendAsync("a");
        for (var i = 0; i < 4; i++)
        {
            var connection = await _server.WelcomeAsync();
            var reference = await connection.ReceiveAsync("message", "a");
            await connection.SendErrorAsync(reference, "rate_limited", ""","retry":0.005""");
            await connection.CloseAsync(1008);
        }

        var last = await _server.WelcomeAsync();
        await last.SendAckAsync(await last.ReceiveAsync("message", "a"), "e:1");

        Assert.Equal("e:1", (await sending.Soon()).ToString());
    }

    [Fact]
    public async Task A_caller_that_no_longer_waits_does_not_take_the_message_back()
    {
        await using var client = Clients.Create(_server.Address);
        using var limit = new CancellationTokenSource();
        var sending = client.SendAsync("a", limit.Token);
        await limit.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.Soon());

        Assert.Equal("a", Assert.Single(client.GetPending()).Text);
    }

    [Fact]
    public async Task Signals_are_sent_now_or_never_and_not_too_often()
    {
        await using var client = Clients.Start(_server.Address);
        client.Signal("typing");
        var connection = await _server.LiveAsync();
        await client.ConnectAsync().Soon();

        client.Signal("typing", "in the thread");
        client.Signal("typing");
        client.Signal("thinking");

        var first = await connection.ReceiveAsync();
        Assert.Equal(("signal", "typing", "in the thread"), (Member(first, "type"), Member(first, "name"), Member(first, "data")));
        Assert.Equal("thinking", Member(await connection.ReceiveAsync(), "name"));
    }

    [Fact]
    public async Task The_latest_position_that_the_user_has_read_is_sent_after_live_and_then_once_in_a_while()
    {
        await using var client = Clients.Start(
            _server.Address, static options => options.Times = options.Times with { Read = TimeSpan.FromMilliseconds(20) });
        client.MarkRead(MessagePosition.Parse("e:3"));
        client.MarkRead(MessagePosition.Parse("e:2"));
        var connection = await _server.LiveAsync("e:5");
        Assert.Equal("e:3", Member(await connection.ReceiveAsync(), "position"));

        client.MarkRead(MessagePosition.Parse("e:4"));
        client.MarkRead(MessagePosition.Parse("e:5"));

        Assert.Equal("e:5", Member(await connection.ReceiveAsync(), "position"));
    }

    private static string? Member(JsonElement frame, string name) => frame.GetProperty(name).GetString();

    /// <summary>A clock that can be set. Its timers and timestamps go on.</summary>
    private sealed class SetClock : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
    }
}

internal sealed record Poll(string Question, string[] Options);

[JsonSerializable(typeof(Poll))]
internal sealed partial class SendingJson : JsonSerializerContext;

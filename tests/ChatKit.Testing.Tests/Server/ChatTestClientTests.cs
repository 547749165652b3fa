using System.Net.WebSockets;
using System.Text.Json.Serialization;

namespace ChatKit.Testing.Tests.Server;

public sealed partial class ChatTestClientTests : ServerFixture
{
    [Fact]
    public async Task Sending_waits_for_the_handler_and_returns_the_position()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");

        var first = await anna.SendAsync("1");
        var second = await anna.SendAsync("2");

        Assert.Equal([first, second], (await anna.ReceiveAsync("message", 2)).Select(static message => message.Position));
        Assert.Equal((1L, 2L), (first?.Sequence, second?.Sequence));
        Assert.Null(await anna.SendAsync("who"));
    }

    [Fact]
    public async Task An_answer_is_not_among_the_frames_that_a_test_receives()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await anna.ReceiveAsync("live");

        await anna.SendAsync("hi");

        Assert.Equal("message", (await anna.ReceiveAsync()).Type);
        Assert.Contains("ack", anna.Received.Select(static frame => frame.Type));
    }

    [Fact]
    public async Task A_message_that_the_handler_refuses_throws()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");

        var refused = await Assert.ThrowsAsync<ChatRefusedException>(() => anna.SendAsync("refuse"));

        Assert.Equal(("muted", "You are muted.", "error"), (refused.Code, refused.Error.Text, refused.Error.Type));
        Assert.Contains("You are muted.", refused.Message, StringComparison.Ordinal);
        Assert.NotNull(await anna.SendAsync("goes on"));
    }

    [Fact]
    public async Task A_message_that_is_sent_again_with_its_ref_is_stored_once()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");

        var first = await anna.SendAsync("once", reference: "a-1");
        await anna.CutAsync();
        await anna.ReconnectAsync();

        Assert.Equal(first, await anna.SendAsync("once", reference: "a-1"));
        await anna.SendAsync("last");
        Assert.Equal(["once", "last"], Texts(await anna.ReceiveAsync("message", 2)));
    }

    [Fact]
    public async Task Json_is_sent_and_read()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");

        await anna.SendJsonAsync("""{"text":"hi"}""");

        var message = await anna.ReceiveAsync("message");
        Assert.Equal("""{"text":"hi"}""", message.Text);
        Assert.Equal(new Note("hi"), message.ReadJson(NoteJson.Default.Note));
    }

    [Fact]
    public async Task A_message_is_edited_and_deleted()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        var position = (await anna.SendAsync("before")).GetValueOrDefault();

        await anna.EditAsync(position, "after");
        var edit = await anna.ReceiveAsync("change");
        Assert.Equal((position, "after"), (edit.Position, edit.Text));
        await anna.DeleteAsync(position);

        var deletion = await anna.ReceiveAsync("change");
        Assert.True(deletion.Json.GetProperty("deleted").GetBoolean());
        Assert.Null(deletion.Text);
        Assert.Equal("gone", (await Assert.ThrowsAsync<ChatRefusedException>(() => anna.EditAsync(position, "again"))).Code);
    }

    [Fact]
    public async Task Signals_reach_the_others()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await using var bob = await server.ConnectAsync("/chat/kitchen", "bob");

        await anna.SignalAsync("typing", "in the thread");

        var signal = await bob.ReceiveAsync("signal");
        Assert.Equal(("anna", "in the thread", "typing"), (signal.From, signal.Text, signal.Json.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_client_joins_and_leaves_rooms()
    {
        Script.Authorize = static room => room != "secret";
        var server = await StartAsync(connections: static options => options.AllowClientJoins = true);
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await anna.ReceiveAsync("live");

        await anna.JoinAsync("garden");
        Assert.Equal("garden", (await anna.ReceiveAsync("live")).Room);
        await anna.SendAsync("in the garden", "garden");
        Assert.Equal("garden", (await anna.ReceiveAsync("message")).Room);
        await anna.LeaveAsync("garden");

        Assert.Equal("not_joined", (await Assert.ThrowsAsync<ChatRefusedException>(() => anna.SendAsync("too late", "garden"))).Code);
        Assert.Equal("forbidden", (await Assert.ThrowsAsync<ChatRefusedException>(() => anna.JoinAsync("secret"))).Code);
    }

    [Fact]
    public async Task Any_frame_can_be_sent()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await anna.SendAsync("1");
        await anna.SendAsync("2");

        var older = await anna.RequestAsync("""{"type":"history","limit":1}""");
        Assert.Equal(("history", "2"), (older.Type, older.Json.GetProperty("messages")[0].GetProperty("data").GetString()));
        await anna.SendFrameAsync("not JSON");

        Assert.Equal("malformed", (await anna.ReceiveAsync("error")).Code);
    }

    [Fact]
    public async Task A_refused_client_sees_how_it_was_closed()
    {
        var server = await StartAsync();

        await using var banned = await server.ConnectAsync("/chat/kitchen", "banned");

        var close = await banned.ReceiveCloseAsync();
        Assert.Equal((1008, "you are banned", true), ((int)close.Code, close.Reason, close.WasClean));
        Assert.False(banned.IsOpen);
        await Assert.ThrowsAsync<ChatTestException>(() => banned.SendAsync("hi"));
    }

    [Fact]
    public async Task A_room_that_the_handler_denies_closes_the_connection()
    {
        Script.Authorize = static _ => false;
        var server = await StartAsync();

        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");

        Assert.Equal(1008, (int)(await anna.ReceiveCloseAsync()).Code);
    }

    [Fact]
    public async Task When_the_handler_fails_the_exception_of_the_test_says_why()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");

        Assert.Equal("failed", (await Assert.ThrowsAsync<ChatRefusedException>(() => anna.SendAsync("fail"))).Code);
        var exception = await Assert.ThrowsAsync<ChatTestException>(() => anna.ReceiveAsync("message"));

        Assert.Contains("ended with 1011 'the handler failed'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("the client waits for a frame 'message'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("a bug in the handler", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_time_out_says_what_the_client_has_received()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await anna.SendAsync("hi");
        await anna.ReceiveAsync("message");
        server.Timeout = TimeSpan.FromMilliseconds(50);

        var exception = await Assert.ThrowsAsync<TimeoutException>(() => anna.ReceiveAsync("gap"));

        Assert.Contains("waited 0.05 s for a frame 'gap'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("\"data\":\"hi\"", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_can_be_canceled()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        using var cancel = new CancellationTokenSource();

        var receiving = anna.ReceiveAsync("gap", cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving.Soon());
    }

    [Fact]
    public async Task A_client_does_not_have_to_wait_until_it_is_in_its_room()
    {
        var open = new TaskCompletionSource();
        Script.Open = open.Task;
        var server = await StartAsync();

        await using var anna = await server.ConnectAsync("/chat/kitchen", new ChatTestClientOptions { WaitUntilLive = false });
        Assert.Equal("welcome", (await anna.ReceiveAsync()).Type);
        open.SetResult();

        Assert.Equal("live", (await anna.ReceiveAsync()).Type);
    }

    [Fact]
    public async Task A_client_that_is_not_in_its_room_in_time_is_reported()
    {
        Script.Open = new TaskCompletionSource().Task;
        var server = await StartAsync();
        server.Timeout = TimeSpan.FromMilliseconds(50);

        var exception = await Assert.ThrowsAsync<TimeoutException>(() => server.ConnectAsync("/chat/kitchen"));

        Assert.Contains("for 'live' in its home room 'kitchen'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Closing_waits_until_the_handler_is_closed()
    {
        var server = await StartAsync();
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");

        await anna.CloseAsync((WebSocketCloseStatus)4000, "bye");
        Assert.Equal(["open anna in kitchen", "close 4000"], Script.Calls);
        await anna.CloseAsync();

        await using (await server.ConnectAsync("/chat/kitchen", "bob"))
        {
        }

        Assert.Equal(["open bob in kitchen", "close 1000"], Script.Calls.Skip(2));
    }

    [Fact]
    public async Task A_client_answers_pings()
    {
        var server = await StartAsync(
            connections: static options => (options.PingInterval, options.PingTimeout) = (TimeSpan.FromSeconds(20), TimeSpan.FromHours(1)),
            isClockFake: true);
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");

        // The second one comes only if the first one was answered.
        var pings = anna.ReceiveAsync("ping", 2);
        await Patience.UntilAsync(
            () =>
            {
                Clock.Advance(TimeSpan.FromSeconds(5));
                return pings.IsCompleted;
            },
            "the server pings twice");

        Assert.True(anna.IsOpen);
    }

    private sealed record Note(string Text);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(Note))]
    private sealed partial class NoteJson : JsonSerializerContext;
}

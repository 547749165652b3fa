using System.Text.Json.Nodes;
using ChatKit.ChatKitV1;
using ChatKit.Rooms;
using ChatKit.Rooms.Events;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Rooms;

/// <summary>Signals reach the others in a room, are never stored, and are not worth waiting for.</summary>
public sealed class SignalTests : IAsyncDisposable
{
    private static readonly WebSocketConnectionOptions Allowing = new() { AllowClientJoins = true };

    private readonly TestMeters _meters = new();
    private readonly ChatHost _host;

    public SignalTests() => _host = new ChatHost(services: _meters.AddTo);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _meters.Dispose();
    }

    [Fact]
    public async Task By_default_a_signal_is_forbidden_and_reaches_nobody()
    {
        var (ann, _) = await _host.EnterV1Async();
        var (bob, _) = await _host.EnterV1Async();

        await ann.Client.SendAsync("""{"type":"signal","name":"typing"}""");
        Assert.Equal("""{"type":"error","code":"forbidden","text":"This endpoint does not accept signals."}""", await ann.Client.ReceiveTextAsync());
        await ann.Client.SendAsync("""{"type":"signal","ref":"s","name":"typing"}""");
        Assert.Equal("s", (string?)(await ann.Client.ReceiveJsonAsync())["ref"]);
        await _host.Broadcaster.BroadcastAsync("lobby", "hi");

        Assert.Equal("hi", (string?)(await bob.Client.ReceiveJsonAsync())["data"]);
        Assert.Equal("hi", (string?)(await ann.Client.ReceiveJsonAsync())["data"]);
    }

    [Fact]
    public async Task A_signal_that_the_handler_allows_reaches_the_other_v1_clients_only()
    {
        var received = _meters.Collect("chatkit.messages.received");
        var plain = await _host.EnterAsync();
        var ann = await EnterAsync("ann");
        var bob = await EnterAsync("bob");

        await ann.Client.SendAsync("""{"type":"signal","name":"typing","data":"{\"in\":\"a thread\"}"}""");
        Assert.Equal(
            """{"type":"signal","room":"lobby","from":"ann","name":"typing","data":"{\"in\":\"a thread\"}"}""", await bob.Client.ReceiveTextAsync());
        await ann.Client.SendAsync("""{"type":"signal","room":"lobby","name":"typing"}""");
        Assert.Equal("""{"type":"signal","room":"lobby","from":"ann","name":"typing"}""", await bob.Client.ReceiveTextAsync());
        await _host.Broadcaster.BroadcastAsync("lobby", "hi");

        Assert.Equal("hi", (string?)(await ann.Client.ReceiveJsonAsync())["data"]);
        Assert.Equal("hi", await plain.Client.ReceiveTextAsync());
        Assert.Equal(3, received.Sum()); // The knock, and the signals.
        Assert.Equal("hi", Assert.Single((await _host.History.ReadAsync("lobby")).Messages).Text);
    }

    [Fact]
    public async Task A_signal_goes_to_the_room_that_is_being_handled()
    {
        var handler = new ScriptedHandler
        {
            Signal = static (self, signal) => self.SendSignal(signal.Name, signal.Room),
            Message = static (self, _) => self.SendSignal("done"),
        };
        var (ann, _) = await _host.EnterV1Async(handler, options: Allowing);
        var (bob, _) = await _host.EnterV1Async(options: Allowing);
        await JoinAsync(ann.Client, "team");
        await JoinAsync(bob.Client, "team");

        await ann.Client.SendAsync("""{"type":"signal","room":"team","name":"typing"}""");
        Assert.Equal("""{"type":"signal","room":"team","name":"typing","data":"team"}""", await bob.Client.ReceiveTextAsync());
        await ann.Client.SendAsync("""{"type":"message","room":"team","data":"hi"}""");
        Assert.Equal("""{"type":"signal","room":"team","name":"done"}""", await bob.Client.ReceiveTextAsync());
        await ann.Client.SendAsync("""{"type":"signal","name":"typing"}""");
        Assert.Equal("""{"type":"signal","room":"lobby","name":"typing","data":"lobby"}""", await bob.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_signal_of_the_application_reaches_everyone()
    {
        var (ann, _) = await _host.EnterV1Async();

        await _host.Broadcaster.SignalAsync("lobby", "deploying", "in 5 minutes");

        Assert.Equal("""{"type":"signal","room":"lobby","name":"deploying","data":"in 5 minutes"}""", await ann.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_client_that_reconnects_does_not_receive_the_signal_of_its_former_connection()
    {
        var sender = new FakeRoomClient("former") { Format = WireFormat.V1 };
        var again = new FakeRoomClient("again") { Format = WireFormat.V1, FormerIds = ["former"] };
        var other = new FakeRoomClient("other") { Format = WireFormat.V1 };
        foreach (var client in new[] { sender, again, other })
            await _host.Rooms.Enter("r", client, 0).StartAsync();
        await _host.Services.GetRequiredService<Publisher>()
            .SignalAsync("r", new SignalEvent("typing", null, "ann", "former"), default);

        Assert.Contains("typing", (await other.ReceiveAsync(2))[1], StringComparison.Ordinal);
        Assert.Single(sender.Texts);
        Assert.Single(again.Texts);
    }

    [Theory]
    [InlineData("""{"type":"signal","ref":"r","room":"team","name":"typing"}""", "not_joined")]
    [InlineData("""{"type":"signal","ref":"r"}""", "malformed")]
    [InlineData("""{"type":"signal","ref":"r","name":""}""", "malformed")]
    [InlineData("""{"type":"signal","ref":"r","name":7}""", "malformed")]
    [InlineData("""{"type":"signal","ref":"r","name":"123456789012345678901234567890123"}""", "malformed")]
    [InlineData("""{"type":"signal","ref":"r","name":"\ud800"}""", "malformed")]
    [InlineData("""{"type":"signal","ref":"r","room":"","name":"typing"}""", "malformed")]
    [InlineData("""{"type":"signal","ref":"r","room":"a\nb","name":"typing"}""", "malformed")]
    [InlineData("""{"type":"signal","ref":"r","name":"typing","data":{}}""", "malformed")]
    public async Task A_refused_signal_is_answered_with_an_error_and_the_connection_goes_on(string frame, string code)
    {
        var (ann, _) = await _host.EnterV1Async(PassingOn(), options: Allowing);

        await ann.Client.SendAsync(frame);

        var error = await ann.Client.ReceiveJsonAsync();
        Assert.Equal(("error", code, "r"), ((string?)error["type"], (string?)error["code"], (string?)error["ref"]));
        await ann.Client.SendAsync("""{"type":"message","ref":"m","data":"still here"}""");
        Assert.Equal("ack", (string?)(await ann.Client.ReceiveJsonAsync())["type"]);
        Assert.Equal(["open", "still here"], ann.Handler.Calls);
    }

    [Fact]
    public async Task The_data_of_a_signal_has_at_most_1_KiB_of_UTF_8()
    {
        var ann = await EnterAsync("ann");
        var bob = await EnterAsync("bob");
        var largest = new string('€', 341) + "x";

        await ann.Client.SendAsync($$"""{"type":"signal","name":"typing","data":"{{largest}}"}""");
        Assert.Equal(largest, (string?)(await bob.Client.ReceiveJsonAsync())["data"]);
        await ann.Client.SendAsync($$"""{"type":"signal","name":"typing","data":"{{largest}}x"}""");

        var error = await ann.Client.ReceiveJsonAsync();
        Assert.Equal("malformed", (string?)error["code"]);
        Assert.Equal("The 'data' of a signal must have at most 1024 bytes of UTF-8.", (string?)error["text"]);
    }

    [Fact]
    public async Task Without_AllowClientJoins_clients_signal_only_in_their_home_room_while_they_are_in_it()
    {
        var (ann, _) = await _host.EnterV1Async(new ScriptedHandler
        {
            Signal = static (self, signal) => self.SendSignal(signal.Name),
            Message = static (self, _) => self.Leave("lobby"),
        });

        await ann.Client.SendAsync("""{"type":"signal","room":"team","name":"typing"}""");
        Assert.Equal("forbidden", (string?)(await ann.Client.ReceiveJsonAsync())["code"]);
        await ann.Client.SendAsync("""{"type":"message","ref":"m","data":"leave"}""");
        await ann.Client.ReceiveJsonAsync();
        await ann.Client.SendAsync("""{"type":"signal","name":"typing"}""");

        Assert.Equal("not_joined", (string?)(await ann.Client.ReceiveJsonAsync())["code"]);
    }

    [Fact]
    public async Task Signals_count_towards_the_rate()
    {
        var options = new WebSocketConnectionOptions { MaxMessagesPerSecond = 1, MaxMessageBurst = 3 };
        var (ann, _) = await _host.EnterV1Async(PassingOn(), options: options);

        for (var i = 0; i < 4; i++)
            await ann.Client.SendAsync("""{"type":"signal","name":"typing"}""");

        Assert.Equal("rate_limited", (string?)(await ann.Client.ReceiveJsonAsync())["code"]);
        Assert.Equal((1008, "too many messages"), await ann.Client.ReceiveAndAnswerCloseAsync());
    }

    [Theory]
    [InlineData("a\nb", "typing", "x", "room")]
    [InlineData("lobby", "", "x", "name")]
    [InlineData("lobby", "123456789012345678901234567890123", "x", "name")]
    [InlineData("lobby", "typing", null, "data")]
    public async Task An_invalid_signal_of_the_server_is_an_argument_exception(string room, string name, string? data, string parameter)
    {
        data ??= new string('x', 1025);

        var thrown = await Assert.ThrowsAnyAsync<ArgumentException>(async () => await _host.Broadcaster.SignalAsync(room, name, data));
        Assert.Equal(parameter, thrown.ParamName);
    }

    [Fact]
    public async Task A_slow_reader_receives_only_the_latest_of_the_signals_that_wait()
    {
        var slow = await _host.ConnectV1Async(buffer: 1024);
        await slow.Client.ReceiveJsonUntilAsync("live");
        var (observer, _) = await _host.EnterV1Async();
        await _host.Broadcaster.BroadcastAsync("lobby", new string('x', 20_000));
        await observer.Client.ReceiveJsonAsync();
        for (var i = 1; i <= 100; i++)
            await _host.Broadcaster.SignalAsync("lobby", "typing", $"{i}");
        await WaitForSignalAsync(observer.Client, "100");
        await _host.Broadcaster.BroadcastAsync("lobby", "end");
        await ReceiveTextAsync(observer.Client, "end");

        var frames = await ReceiveTextAsync(slow.Client, "end");
        Assert.Equal(["message", "signal", "message"], frames.Select(static frame => (string?)frame["type"]));
        Assert.Equal("100", (string?)frames[1]["data"]);
    }

    [Fact]
    public async Task A_reader_whose_queue_is_full_receives_no_signals_and_misses_no_message()
    {
        const int Count = 60;
        var dropped = _meters.Collect("chatkit.messages.dropped");
        var slow = await _host.ConnectV1Async(options: new() { OutboundQueueLimit = 4096 }, buffer: 1024);
        await slow.Client.ReceiveJsonUntilAsync("live");
        var (observer, _) = await _host.EnterV1Async();
        for (var i = 1; i <= Count; i++)
        {
            await _host.Broadcaster.BroadcastAsync("lobby", $"{i}".PadLeft(200));
            await observer.Client.ReceiveJsonAsync();
        }

        await Patience.UntilAsync(() => _host.Logs.GetSnapshot().Any(static record => record.Id.Id == 200), "the client is behind");
        for (var i = 1; i <= 50; i++)
            await _host.Broadcaster.SignalAsync("lobby", $"typing{i}");
        await WaitForSignalAsync(observer.Client, null, "typing50");
        await _host.Broadcaster.BroadcastAsync("lobby", "end");

        var frames = await ReceiveTextAsync(slow.Client, "end");
        Assert.Equal([.. RoomFixture.Texts(1, Count), "end"], frames.Shorten().Select(static text => text?.Trim()));
        Assert.Equal(0, dropped.Sum());
    }

    [Fact]
    public async Task A_client_that_has_left_receives_no_signal_of_the_room()
    {
        var (ann, _) = await _host.EnterV1Async(options: Allowing);
        await JoinAsync(ann.Client, "team");

        await ann.Client.SendAsync("""{"type":"leave","ref":"l","room":"team"}""");
        Assert.Equal("ack", (string?)(await ann.Client.ReceiveJsonAsync())["type"]);
        await _host.Broadcaster.SignalAsync("team", "typing");
        await _host.Broadcaster.SignalAsync("lobby", "seen");

        Assert.Equal("seen", (string?)(await ann.Client.ReceiveJsonAsync())["name"]);
    }

    private static ScriptedHandler PassingOn() => new() { Signal = static (self, signal) => self.SendSignal(signal.Name, signal.Data, signal.Room) };

    /// <summary>A user's client whose handler passes signals on is live in the lobby.</summary>
    private async Task<ChatConnection> EnterAsync(string user)
    {
        var connection = _host.Connect(handler: PassingOn(), info: abort => new()
        {
            Room = "lobby",
            Abort = abort,
            Subprotocol = ChatKitSubprotocol.V1,
            User = Users.Named(user),
        });
        await connection.Client.ReceiveJsonUntilAsync("live");
        return connection;
    }

    private static async Task JoinAsync(TestClient client, string room)
    {
        await client.SendAsync($$"""{"type":"join","room":"{{room}}"}""");
        await client.ReceiveJsonUntilAsync("live");
    }

    /// <summary>Receives until a signal with this data, and this name if one is given, arrives.</summary>
    private static async Task WaitForSignalAsync(TestClient client, string? data, string? name = null)
    {
        JsonObject frame;
        do
        {
            frame = await client.ReceiveJsonAsync();
        }
        while ((string?)frame["type"] != "signal" || (string?)frame["data"] != data || (name is not null && (string?)frame["name"] != name));
    }

    /// <summary>Receives until a message with this text arrives.</summary>
    private static async Task<List<JsonObject>> ReceiveTextAsync(TestClient client, string text)
    {
        List<JsonObject> frames = [];
        do
        {
            frames.Add(await client.ReceiveJsonAsync());
        }
        while ((string?)frames[^1]["data"] != text);
        return frames;
    }
}

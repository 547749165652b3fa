using System.Net.WebSockets;
using System.Text.Json.Nodes;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.Logging;

namespace ChatKit.Tests.Rooms;

/// <summary>Clients join and leave rooms by frames, and address them.</summary>
public sealed class ClientJoinTests : IAsyncDisposable
{
    private static readonly WebSocketConnectionOptions Allowing = new() { AllowClientJoins = true };

    private readonly ChatHost _host = new(static options => options.MaxRoomsPerConnection = 3);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_join_is_acknowledged_before_the_stored_messages_and_live()
    {
        await _host.Broadcaster.BroadcastAsync("team", "1");
        await _host.Broadcaster.BroadcastAsync("team", "2");
        var client = await EnterAsync();

        await client.SendAsync("""{"type":"join","ref":"j1","room":"team"}""");

        Assert.Equal("""{"type":"ack","ref":"j1","room":"team"}""", (await client.ReceiveJsonAsync()).ToJsonString());
        Assert.Equal(["1", "2", "live"], (await client.ReceiveJsonAsync(3)).Shorten());
        await _host.Broadcaster.BroadcastAsync("team", "3");
        Assert.Equal(("3", "team"), DataAndRoom(await client.ReceiveJsonAsync()));
    }

    [Fact]
    public async Task A_join_with_a_position_replays_what_was_missed()
    {
        var first = await _host.Broadcaster.BroadcastAsync("team", "1");
        await _host.Broadcaster.BroadcastAsync("team", "2");
        var client = await EnterAsync();

        await client.SendAsync($$"""{"type":"join","ref":"j1","room":"team","after":"{{first}}"}""");

        var frames = await client.ReceiveJsonUntilAsync("live");
        Assert.Equal(["ack", "2", "live"], frames.Shorten());
        Assert.True((bool?)frames[^1]["recovered"]);
    }

    [Fact]
    public async Task A_second_join_is_acknowledged_and_replays_nothing()
    {
        await _host.Broadcaster.BroadcastAsync("team", "1");
        var client = await EnterAsync();
        await JoinAsync(client, "team");

        await client.SendAsync("""{"type":"join","ref":"j2","room":"team"}""");
        await client.SendAsync("""{"type":"message","ref":"m1","room":"team","data":"2"}""");

        Assert.Equal(["j2", "m1"], await RefsAsync(client, 2));
    }

    [Fact]
    public async Task A_client_that_has_left_receives_nothing_of_the_room()
    {
        var client = await EnterAsync();
        await JoinAsync(client, "team");

        await client.SendAsync("""{"type":"leave","ref":"l1","room":"team"}""");
        Assert.Equal("""{"type":"ack","ref":"l1","room":"team"}""", (await client.ReceiveJsonAsync()).ToJsonString());
        await _host.Broadcaster.BroadcastAsync("team", "unseen");
        await _host.Broadcaster.BroadcastAsync("lobby", "seen");

        Assert.Equal("seen", (string?)(await client.ReceiveJsonAsync())["data"]);
        Assert.Null(_host.Rooms.Find("team"));
    }

    [Fact]
    public async Task Leaving_a_room_that_the_client_is_not_in_is_acknowledged()
    {
        var client = await EnterAsync();

        await client.SendAsync("""{"type":"leave","ref":"l1","room":"team"}""");

        Assert.Equal("ack", (string?)(await client.ReceiveJsonAsync())["type"]);
    }

    [Fact]
    public async Task A_message_goes_to_the_room_that_it_addresses()
    {
        var handler = new ScriptedHandler { Message = static (self, message) => self.Broadcast($"{message.Room}: {message.Text}") };
        var client = await EnterAsync(handler);
        await JoinAsync(client, "team");

        await client.SendAsync("""{"type":"message","room":"team","data":"hi"}""");
        Assert.Equal(("team: hi", "team"), DataAndRoom(await client.ReceiveJsonAsync()));
        await client.SendAsync("""{"type":"message","data":"hi"}""");
        Assert.Equal(("lobby: hi", "lobby"), DataAndRoom(await client.ReceiveJsonAsync()));
        await client.SendAsync("""{"type":"message","room":"lobby","data":"hi"}""");
        Assert.Equal(("lobby: hi", "lobby"), DataAndRoom(await client.ReceiveJsonAsync()));
    }

    [Fact]
    public async Task Work_that_outlives_its_message_broadcasts_in_the_room_of_that_message()
    {
        var go = new TaskCompletionSource();
        var handler = new ScriptedHandler
        {
            Message = (self, message) =>
            {
                _ = LaterAsync(self, message.Text);
                return ValueTask.CompletedTask;
            },
        };
        var client = await EnterAsync(handler);
        await JoinAsync(client, "team");

        await client.SendAsync("""{"type":"message","ref":"1","room":"team","data":"of team"}""");
        await client.SendAsync("""{"type":"message","ref":"2","data":"of lobby"}""");
        Assert.Equal(["1", "2"], await RefsAsync(client, 2));
        go.SetResult();

        var frames = await client.ReceiveJsonAsync(2);
        Assert.Equal([("of lobby", "lobby"), ("of team", "team")], frames.Select(DataAndRoom).Order());

        async Task LaterAsync(ScriptedHandler self, string text)
        {
            await go.Task;
            await self.Broadcast(text);
        }
    }

    [Fact]
    public async Task A_handler_that_opens_or_closes_broadcasts_in_its_home_room()
    {
        var handler = new ScriptedHandler { Close = static (self, _) => self.Broadcast("bye") };
        var client = await EnterAsync(handler);
        await JoinAsync(client, "team");
        await client.SendAsync("""{"type":"message","ref":"1","room":"team","data":"hi"}""");
        await client.ReceiveJsonAsync();

        await client.SendCloseAsync(WebSocketCloseStatus.NormalClosure, null);
        await handler.Closed.Soon();

        await Patience.UntilAsync(async () => (await _host.History.ReadAsync("lobby")).Messages is [{ Text: "bye" }], "bye is in the home room");
    }

    [Theory]
    [InlineData("""{"type":"message","ref":"r","room":"team","data":"hi"}""", "not_joined")]
    [InlineData("""{"type":"join","ref":"r","room":"secret"}""", "forbidden")]
    [InlineData("""{"type":"join","ref":"r","room":""}""", "malformed")]
    [InlineData("""{"type":"join","ref":"r"}""", "malformed")]
    [InlineData("""{"type":"join","ref":"r","room":7}""", "malformed")]
    [InlineData("""{"type":"join","ref":"r","room":"\u0001user:anna"}""", "malformed")]
    [InlineData("""{"type":"join","ref":"r","room":"team","after":"x"}""", "malformed")]
    [InlineData("""{"type":"join","ref":"r","room":"team","after":"\ud800:1"}""", "malformed")]
    [InlineData("""{"type":"join","ref":"r","room":"team","after":{"team":"e:1"}}""", "malformed")]
    [InlineData("""{"type":"leave","ref":"r"}""", "malformed")]
    [InlineData("""{"type":"message","ref":"r","room":"a\nb","data":"hi"}""", "malformed")]
    public async Task A_refused_frame_is_answered_with_an_error_and_the_connection_goes_on(string frame, string code)
    {
        var handler = new ScriptedHandler
        {
            Authorize = static (_, room) => ValueTask.FromResult(room != "secret"),
            Message = static (self, message) => self.Broadcast(message.Text),
        };
        var client = await EnterAsync(handler);

        await client.SendAsync(frame);

        var error = await client.ReceiveJsonAsync();
        Assert.Equal(("error", code), ((string?)error["type"], (string?)error["code"]));
        if (code != "malformed" || error["ref"] is not null)
            Assert.Equal("r", (string?)error["ref"]);
        await client.SendAsync("""{"type":"message","data":"still here"}""");
        Assert.Equal("still here", (string?)(await client.ReceiveJsonAsync())["data"]);
        Assert.Null(_host.Rooms.Find("secret"));
    }

    [Theory]
    [InlineData("""{"type":"join","ref":"r","room":"team"}""")]
    [InlineData("""{"type":"leave","ref":"r","room":"lobby"}""")]
    [InlineData("""{"type":"message","ref":"r","room":"team","data":"hi"}""")]
    public async Task Without_AllowClientJoins_clients_neither_join_nor_leave_nor_address_rooms(string frame)
    {
        var (connection, _) = await _host.EnterV1Async();

        await connection.Client.SendAsync(frame);

        var error = await connection.Client.ReceiveJsonAsync();
        Assert.Equal(("forbidden", "r"), ((string?)error["code"], (string?)error["ref"]));
        Assert.NotNull(_host.Rooms.Find("lobby"));
        Assert.Equal(["open"], connection.Handler.Calls);
    }

    [Fact]
    public async Task A_client_joins_as_many_rooms_as_it_may_be_in_and_after_leaving_one_another()
    {
        var client = await EnterAsync();
        await JoinAsync(client, "a");
        await JoinAsync(client, "b");

        await client.SendAsync("""{"type":"join","ref":"j","room":"c"}""");
        Assert.Equal("too_many_rooms", (string?)(await client.ReceiveJsonAsync())["code"]);
        await client.SendAsync("""{"type":"leave","ref":"l","room":"a"}""");
        Assert.Equal("ack", (string?)(await client.ReceiveJsonAsync())["type"]);

        await JoinAsync(client, "c");
    }

    [Fact]
    public async Task A_slow_room_does_not_delay_the_messages_of_others()
    {
        await using var room = new RoomFixture();
        var stored = new TaskCompletionSource();
        var handler = new ScriptedHandler { Message = static (self, message) => self.Broadcast(message.Text) };
        var (connection, _) = await room.Host.EnterV1Async(handler, options: Allowing);
        room.History.AfterRead = () => stored.Task;

        await connection.Client.SendAsync("""{"type":"join","ref":"j","room":"team"}""");
        Assert.Equal("ack", (string?)(await connection.Client.ReceiveJsonAsync())["type"]);
        await connection.Client.SendAsync("""{"type":"message","data":"hi"}""");

        Assert.Equal("hi", (string?)(await connection.Client.ReceiveJsonAsync())["data"]);
        stored.SetResult();
        Assert.Equal("live", (string?)(await connection.Client.ReceiveJsonAsync())["type"]);
    }

    [Fact]
    public async Task A_client_that_joins_and_leaves_too_often_is_closed_and_leaves_no_subscription_behind()
    {
        var options = new WebSocketConnectionOptions { AllowClientJoins = true, MaxMessagesPerSecond = 1, MaxMessageBurst = 20 };
        var (connection, _) = await _host.EnterV1Async(options: options);

        for (var i = 0; i < 40; i++)
            await connection.Client.SendAsync($$"""{"type":"{{(i % 2 == 0 ? "join" : "leave")}}","room":"r{{i / 2}}"}""");

        var frames = await connection.Client.ReceiveJsonUntilAsync("error");
        Assert.Equal("rate_limited", (string?)frames[^1]["code"]);
        await connection.Client.ReceiveAndAnswerCloseAsync();
        await connection.Ended.Soon();
        await Patience.UntilAsync(() => _host.Rooms.Count == 0, "no room is left");
    }

    [Fact]
    public async Task Leaving_a_room_cancels_what_is_still_read_for_it()
    {
        await using var room = new RoomFixture();
        var (connection, _) = await room.Host.EnterV1Async(options: Allowing);
        room.History.AfterRead = static () => Task.Delay(Timeout.Infinite);
        for (var i = 0; i < 20; i++)
        {
            await connection.Client.SendAsync($$"""{"type":"join","room":"r{{i}}"}""");
            await connection.Client.SendAsync($$"""{"type":"leave","room":"r{{i}}"}""");
        }

        await connection.Client.ReceiveJsonAsync(40);
        room.History.AfterRead = null;

        await JoinAsync(connection.Client, "team");
        Assert.DoesNotContain(room.Host.Logs.GetSnapshot(), static line => line.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task A_join_that_the_handler_denies_by_an_exception_is_forbidden()
    {
        var client = await EnterAsync(Throwing(new RoomAccessDeniedException("no")));

        Assert.Equal(("forbidden", "r"), await RefusedJoinAsync(client));
    }

    [Fact]
    public async Task A_join_whose_authorization_fails_is_answered_before_the_connection_is_closed()
    {
        var client = await EnterAsync(Throwing(new InvalidOperationException("secret")));

        Assert.Equal(("failed", "r"), await RefusedJoinAsync(client));
        Assert.Equal((1011, "the handler failed"), await client.ReceiveAndAnswerCloseAsync());
    }

    [Fact]
    public async Task A_client_that_has_left_the_home_room_cannot_send_to_it()
    {
        var client = await EnterAsync();
        await client.SendAsync("""{"type":"leave","ref":"l","room":"lobby"}""");
        await client.ReceiveJsonAsync();

        await client.SendAsync("""{"type":"message","ref":"m","data":"hi"}""");

        Assert.Equal("not_joined", (string?)(await client.ReceiveJsonAsync())["code"]);
    }

    [Fact]
    public async Task Two_joins_of_one_room_at_the_same_time_count_once()
    {
        var allowed = new TaskCompletionSource<bool>();
        var handler = new ScriptedHandler
        {
            Authorize = (_, room) => room == "c" ? new(allowed.Task) : ValueTask.FromResult(true),
        };
        var client = await EnterAsync(handler);
        await JoinAsync(client, "a");

        var joins = new[] { handler.Join("c").AsTask(), handler.Join("c").AsTask() };
        allowed.SetResult(true);

        await Task.WhenAll(joins).Soon();
    }

    [Fact]
    public async Task A_room_that_cannot_be_joined_closes_the_connection_so_that_the_client_joins_again()
    {
        await using var room = new RoomFixture();
        var (connection, _) = await room.Host.EnterV1Async(options: Allowing);
        room.Backplane.Subscribable = Task.FromException(new IOException("no backplane"));

        await connection.Client.SendAsync("""{"type":"join","ref":"j","room":"team"}""");

        Assert.Equal("ack", (string?)(await connection.Client.ReceiveJsonAsync())["type"]);
        Assert.Equal((1011, "a room could not be joined"), await connection.Client.ReceiveAndAnswerCloseAsync());
    }

    private async Task<TestClient> EnterAsync(ScriptedHandler? handler = null)
    {
        var (connection, _) = await _host.EnterV1Async(handler, options: Allowing);
        return connection.Client;
    }

    private static async Task JoinAsync(TestClient client, string room)
    {
        await client.SendAsync($$"""{"type":"join","ref":"{{room}}","room":"{{room}}"}""");
        Assert.Equal("ack", (string?)(await client.ReceiveJsonUntilAsync("live"))[0]["type"]);
    }

    private static async Task<(string? Code, string? Ref)> RefusedJoinAsync(TestClient client)
    {
        await client.SendAsync("""{"type":"join","ref":"r","room":"team"}""");
        var error = await client.ReceiveJsonAsync();
        return ((string?)error["code"], (string?)error["ref"]);
    }

    /// <summary>A handler whose authorization fails for every room but the home room.</summary>
    private static ScriptedHandler Throwing(Exception exception) => new()
    {
        Authorize = (_, room) => room == "lobby" ? ValueTask.FromResult(true) : throw exception,
    };

    private static async Task<List<string?>> RefsAsync(TestClient client, int count) =>
        [.. (await client.ReceiveJsonAsync(count)).Select(static frame => (string?)frame["ref"])];

    private static (string? Data, string? Room) DataAndRoom(JsonObject frame) => ((string?)frame["data"], (string?)frame["room"]);
}

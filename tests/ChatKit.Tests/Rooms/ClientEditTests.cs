using System.Text.Json.Nodes;
using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Rooms;

/// <summary>Clients edit and delete messages by frames, if their handler lets them, and request older ones.</summary>
public sealed class ClientEditTests : IAsyncDisposable
{
    private static readonly WebSocketConnectionOptions Allowing = new() { AllowClientJoins = true };

    private readonly ChatHost _host = new();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task An_edit_is_acknowledged_and_everyone_in_the_room_is_told()
    {
        EditRequest? asked = null;
        var editor = await EnterAsync(Editing(request => asked = request));
        var other = await EnterAsync();
        var position = await PublishAsync(editor, other, "before");

        await editor.SendAsync($$"""{"type":"edit","ref":"e1","position":"{{position}}","data":"after"}""");

        var frames = await editor.ReceiveJsonAsync(2);
        Assert.Equal(["ack", "change"], frames.Select(static frame => (string?)frame["type"]).Order());
        Assert.Equal($$"""{"type":"ack","ref":"e1","room":"lobby","position":"{{position}}"}""", frames.Single(static f => f["ref"] is not null).ToJsonString());
        Assert.Equal(
            $$"""{"type":"change","room":"lobby","position":"{{position}}","revision":1,"at":"2026-11-22T18:00:00Z","data":"after"}""",
            (await other.ReceiveJsonAsync()).ToJsonString());
        Assert.Equal(("lobby", position, "before", "after"), (asked!.Room, asked.Position, asked.Original.Text, asked.Message.Text));
        Assert.Equal("lobby", asked.Message.Room);
    }

    [Fact]
    public async Task A_deletion_is_acknowledged_and_everyone_in_the_room_is_told()
    {
        DeleteRequest? asked = null;
        var editor = await EnterAsync(Editing(onDelete: request => asked = request));
        var other = await EnterAsync();
        var position = await PublishAsync(editor, other, "text");

        await editor.SendAsync($$"""{"type":"delete","ref":"d1","position":"{{position}}"}""");

        Assert.Equal("d1", (string?)(await editor.ReceiveJsonAsync(2)).Single(static frame => (string?)frame["type"] == "ack")["ref"]);
        Assert.Equal(
            $$"""{"type":"change","room":"lobby","position":"{{position}}","revision":1,"at":"2026-11-22T18:00:00Z","deleted":true}""",
            (await other.ReceiveJsonAsync()).ToJsonString());
        Assert.Equal(("lobby", position, "text"), (asked!.Room, asked.Position, asked.Original.Text));
        Assert.Equal("", (await _host.History.ReadAsync("lobby")).Messages[0].Text);
    }

    [Theory]
    [InlineData("""{"type":"edit","ref":"r","position":"P","data":"x"}""", "forbidden")]
    [InlineData("""{"type":"delete","ref":"r","position":"P"}""", "forbidden")]
    [InlineData("""{"type":"edit","ref":"r","position":"e:9","data":"x"}""", "gone")]
    [InlineData("""{"type":"delete","ref":"r","position":":0"}""", "gone")]
    [InlineData("""{"type":"delete","ref":"r","position":"e:9223372036854775807"}""", "gone")]
    [InlineData("""{"type":"edit","ref":"r","room":"team","position":"P","data":"x"}""", "not_joined")]
    [InlineData("""{"type":"delete","ref":"r","room":"team","position":"P"}""", "not_joined")]
    [InlineData("""{"type":"history","ref":"r","room":"team"}""", "not_joined")]
    [InlineData("""{"type":"edit","ref":"r","position":"P"}""", "malformed")]
    [InlineData("""{"type":"edit","ref":"r","position":"P","data":"x","base64":"aGk="}""", "malformed")]
    [InlineData("""{"type":"edit","ref":"r","data":"x"}""", "malformed")]
    [InlineData("""{"type":"edit","ref":"r","position":"x","data":"x"}""", "malformed")]
    [InlineData("""{"type":"edit","ref":"r","position":7,"data":"x"}""", "malformed")]
    [InlineData("""{"type":"edit","ref":"r","room":"","position":"P","data":"x"}""", "malformed")]
    [InlineData("""{"type":"edit","ref":"","position":"P","data":"x"}""", "malformed")]
    [InlineData("""{"type":"delete","ref":"r"}""", "malformed")]
    [InlineData("""{"type":"delete","ref":"r","position":"P","room":"\u0001user:anna"}""", "malformed")]
    [InlineData("""{"type":"history","ref":"r","before":"x"}""", "malformed")]
    [InlineData("""{"type":"history","ref":"r","before":{}}""", "malformed")]
    [InlineData("""{"type":"history","ref":"r","limit":0}""", "malformed")]
    [InlineData("""{"type":"history","ref":"r","limit":1001}""", "malformed")]
    [InlineData("""{"type":"history","ref":"r","limit":1.5}""", "malformed")]
    public async Task A_refused_frame_is_answered_with_an_error_and_the_connection_goes_on(string frame, string code)
    {
        var client = await EnterAsync();
        var position = await PublishAsync(client, null, "text");

        await client.SendAsync(frame.Replace("\"P\"", $"\"{position}\"", StringComparison.Ordinal));

        var error = await client.ReceiveJsonAsync();
        Assert.Equal(("error", code), ((string?)error["type"], (string?)error["code"]));
        if (code != "malformed")
            Assert.Equal("r", (string?)error["ref"]);
        await client.SendAsync("""{"type":"message","data":"still here"}""");
        Assert.Equal("still here", (string?)(await client.ReceiveJsonAsync())["data"]);
        Assert.Equal(["text", "still here"], (await _host.History.ReadAsync("lobby")).Messages.Select(static message => message.Text));
    }

    [Fact]
    public async Task Without_AllowClientJoins_other_rooms_are_forbidden()
    {
        var (connection, _) = await _host.EnterV1Async(Editing());
        foreach (var frame in (string[])["""{"type":"edit","ref":"r","room":"team","position":"e:1","data":"x"}""", """{"type":"history","ref":"r","room":"team"}"""])
        {
            await connection.Client.SendAsync(frame);

            Assert.Equal("forbidden", (string?)(await connection.Client.ReceiveJsonAsync())["code"]);
        }
    }

    [Fact]
    public async Task An_edit_that_is_sent_again_is_made_once()
    {
        var editor = await EnterAsync(Editing());
        var position = await PublishAsync(editor, null, "before");
        await editor.SendAsync($$"""{"type":"edit","ref":"e1","position":"{{position}}","data":"mine"}""");
        await editor.ReceiveJsonAsync(2);
        await _host.Broadcaster.EditAsync("lobby", position, "another's");
        await editor.ReceiveJsonAsync();

        await editor.SendAsync($$"""{"type":"edit","ref":"e1","position":"{{position}}","data":"mine"}""");

        Assert.Equal($$"""{"type":"ack","ref":"e1","room":"lobby","position":"{{position}}"}""", (await editor.ReceiveJsonAsync()).ToJsonString());
        Assert.Equal("another's", (await _host.History.ReadAsync("lobby")).Messages[0].Text);
    }

    [Fact]
    public async Task An_edit_of_a_deleted_message_is_answered_with_gone_and_a_second_deletion_is_acknowledged()
    {
        var editor = await EnterAsync(Editing());
        var position = await PublishAsync(editor, null, "text");
        await _host.Broadcaster.DeleteAsync("lobby", position);
        await editor.ReceiveJsonAsync();

        await editor.SendAsync($$"""{"type":"edit","ref":"e1","position":"{{position}}","data":"back"}""");
        Assert.Equal("gone", (string?)(await editor.ReceiveJsonAsync())["code"]);
        await editor.SendAsync($$"""{"type":"delete","ref":"d1","position":"{{position}}"}""");
        Assert.Equal("ack", (string?)(await editor.ReceiveJsonAsync())["type"]);
    }

    [Fact]
    public async Task An_edit_that_cannot_be_stored_is_refused_and_keeps_its_order()
    {
        await using var room = new RoomFixture();
        var (connection, _) = await room.Host.EnterV1Async(Editing());
        var client = connection.Client;
        var position = await room.Host.Broadcaster.BroadcastAsync("lobby", "before");
        await client.ReceiveJsonAsync();
        room.History.Down = true;
        await client.SendAsync($$"""{"type":"edit","ref":"e1","position":"{{position}}","data":"after"}""");
        await client.SendAsync("""{"type":"message","ref":"m1","data":"later"}""");
        Assert.Equal(["unavailable e1", "unavailable m1"], (await client.ReceiveJsonAsync(2)).Select(static frame => $"{frame["code"]} {frame["ref"]}"));
        room.History.Down = false;

        await client.SendAsync("""{"type":"message","ref":"m1","data":"later"}""");
        Assert.Equal("unavailable", (string?)(await client.ReceiveJsonAsync())["code"]);
        await client.SendAsync($$"""{"type":"edit","ref":"e1","position":"{{position}}","data":"after"}""");
        await client.SendAsync("""{"type":"message","ref":"m1","data":"later"}""");

        await client.ReceiveJsonUntilAsync("ack");
        await client.ReceiveJsonUntilAsync("ack");
        Assert.Equal(["after", "later"], (await room.History.Object.ReadAsync("lobby")).Messages.Select(static message => message.Text));
    }

    [Fact]
    public async Task A_handler_edits_in_the_room_of_the_message_that_it_handles()
    {
        var handler = new ScriptedHandler
        {
            Message = static async (self, message) => Assert.True(await self.Change(MessagePosition.Parse(message.Text), "edited")),
        };
        var client = await EnterAsync(handler);
        await client.SendAsync("""{"type":"join","ref":"j","room":"team"}""");
        await client.ReceiveJsonUntilAsync("live");
        var position = await _host.Broadcaster.BroadcastAsync("team", "in team");
        await client.ReceiveJsonAsync();

        await client.SendAsync($$"""{"type":"message","room":"team","data":"{{position}}"}""");

        var change = await client.ReceiveJsonAsync();
        Assert.Equal(("change", "team", "edited"), ((string?)change["type"], (string?)change["room"], (string?)change["data"]));
    }

    [Fact]
    public async Task A_message_that_is_no_longer_stored_is_not_changed()
    {
        Assert.False(await _host.Broadcaster.EditAsync("lobby", new MessagePosition("e", 1), "x"));
        Assert.False(await _host.Broadcaster.DeleteAsync("lobby", new MessagePosition("e", 1)));
        Assert.False(await _host.Broadcaster.EditAsync("lobby", new MessagePosition("e", 1), new byte[] { 1 }));
        await Assert.ThrowsAsync<ArgumentException>(() => _host.Broadcaster.EditAsync("", new MessagePosition("e", 1), "x").AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => _host.Broadcaster.DeleteAsync("\u0001", new MessagePosition("e", 1)).AsTask());
    }

    [Fact]
    public async Task Older_messages_are_answered_oldest_first_and_as_they_are_now()
    {
        List<MessagePosition> positions = [];
        for (var i = 1; i <= 10; i++)
            positions.Add((await _host.Broadcaster.BroadcastAsync("lobby", $"{i}")).GetValueOrDefault());
        await _host.Broadcaster.EditAsync("lobby", positions[5], "6a");
        await _host.Broadcaster.DeleteAsync("lobby", positions[4]);
        var (connection, frames) = await _host.EnterV1Async(options: new() { ReplayLimit = 3 });
        Assert.Equal(["8", "9", "10", "live"], frames.Shorten());

        await connection.Client.SendAsync($$"""{"type":"history","ref":"h1","before":"{{positions[7]}}","limit":3}""");
        await connection.Client.SendAsync($$"""{"type":"history","before":"{{positions[4]}}"}""");

        var at = "\"at\":\"2026-11-22T18:00:00Z\"";
        Assert.Equal(
            $$"""{"type":"history","ref":"h1","room":"lobby","messages":[{"position":"{{positions[4]}}",{{at}},"deleted":true},"""
            + $$"""{"position":"{{positions[5]}}",{{at}},"edited":"2026-11-22T18:00:00Z","data":"6a"},{"position":"{{positions[6]}}",{{at}},"data":"7"}],"more":true}""",
            (await connection.Client.ReceiveJsonAsync()).ToJsonString());
        var rest = await connection.Client.ReceiveJsonAsync();
        Assert.Equal(["1", "2", "3", "4"], rest["messages"]!.AsArray().Select(static message => (string?)message!["data"]));
        Assert.False((bool?)rest["more"]);
    }

    [Fact]
    public async Task An_answer_is_never_larger_than_the_outbound_queue()
    {
        for (var i = 0; i < 50; i++)
            await _host.Broadcaster.BroadcastAsync("lobby", new string('x', 1000));
        var (connection, _) = await _host.EnterV1Async(options: new() { ReplayLimit = 1, OutboundQueueLimit = 16 * 1024 });
        List<JsonNode?> read = [];
        var more = true;

        while (more)
        {
            var before = read.Count == 0 ? "" : $",\"before\":\"{read[0]!["position"]}\"";
            await connection.Client.SendAsync($$"""{"type":"history","limit":1000{{before}}}""");
            var text = await connection.Client.ReceiveTextAsync();
            Assert.InRange(text.Length, 1, 16 * 1024);
            var answer = JsonNode.Parse(text)!;
            read.InsertRange(0, answer["messages"]!.AsArray());
            more = (bool)answer["more"]!;
        }

        Assert.Equal(Enumerable.Range(1, 50), read.Select(static message => (int)MessagePosition.Parse((string)message!["position"]!).Sequence));
    }

    [Fact]
    public async Task A_client_that_states_its_position_receives_everything_regardless_of_the_limit()
    {
        List<MessagePosition> positions = [];
        for (var i = 1; i <= 20; i++)
            positions.Add((await _host.Broadcaster.BroadcastAsync("lobby", $"{i}")).GetValueOrDefault());

        var (_, frames) = await _host.EnterV1Async(after: positions[4], options: new() { ReplayLimit = 2 });

        Assert.Equal([.. Enumerable.Range(6, 15).Select(static i => $"{i}"), "live"], frames.Shorten());
        Assert.True((bool?)frames[^1]["recovered"]);
    }

    [Fact]
    public async Task A_limited_member_that_falls_behind_catches_up_and_others_join_meanwhile()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(50);
        var slow = new FakeRoomClient("slow");
        await room.Rooms.Enter(RoomFixture.Name, slow, 5, capacity: 100).StartAsync();
        slow.Accept(0);
        await room.PublishAsync(20);
        var late = new FakeRoomClient("late");
        await room.Rooms.Enter(RoomFixture.Name, late, 10, capacity: 100).StartAsync();
        slow.Accept();

        Assert.Equal(RoomFixture.Texts(46, 70), await slow.ReceiveAsync(25));
        Assert.Equal(RoomFixture.Texts(61, 70), late.Texts);
    }

    private static ScriptedHandler Editing(Action<EditRequest>? onEdit = null, Action<DeleteRequest>? onDelete = null) => new()
    {
        Message = static (self, message) => self.Broadcast(message.Text),
        Edit = async (self, request) =>
        {
            onEdit?.Invoke(request);
            await self.Change(request.Position, request.Message.Text);
        },
        Delete = async (self, request) =>
        {
            onDelete?.Invoke(request);
            await self.Remove(request.Position);
        },
    };

    private async Task<TestClient> EnterAsync(ScriptedHandler? handler = null)
    {
        handler ??= new ScriptedHandler { Message = static (self, message) => self.Broadcast(message.Text) };
        var (connection, _) = await _host.EnterV1Async(handler, options: Allowing);
        return connection.Client;
    }

    /// <summary>Publishes a text, which the clients receive.</summary>
    private async Task<MessagePosition> PublishAsync(TestClient one, TestClient? other, string text)
    {
        var position = await _host.Broadcaster.BroadcastAsync("lobby", text);
        await one.ReceiveJsonAsync();
        if (other is not null)
            await other.ReceiveJsonAsync();
        return position.GetValueOrDefault();
    }
}

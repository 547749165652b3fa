using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using ChatKit.ChatKitV1;
using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Rooms;

/// <summary>JSON travels as JSON between clients that speak <see cref="ChatKitSubprotocol.V1"/>, and as its text to others.</summary>
public sealed class JsonMessageTests : IAsyncDisposable
{
    private readonly ChatHost _host = new();

    /// <summary>What a ten-line handler does.</summary>
    private static ScriptedHandler Relaying => new()
    {
        Message = static (self, message) => self.Broadcast(message.Text),
        Edit = static async (self, request) => await self.Change(request.Position, request.Message.Text),
    };

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("""{"a":[1,2.50,{"b":null}],"c":"\u00e9 \" </script>"}""")]
    [InlineData("  [ 1 ,\n\t2 ]")]
    [InlineData("\"text\"")]
    [InlineData("1e400")]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("""{"a":1,"a":2}""")]
    public async Task A_handler_that_passes_messages_on_passes_JSON_on(string json)
    {
        var (client, _) = await _host.EnterV1Async(Relaying);
        var plain = await _host.EnterAsync();

        await client.Client.SendAsync($$"""{"type":"message","ref":"r","json":{{json}}}""");

        var frames = await client.Client.ReceiveTextsAsync(2);
        var message = Assert.Single(frames, static frame => frame.StartsWith("""{"type":"message",""", StringComparison.Ordinal));
        Assert.EndsWith($",\"json\":{json.Trim()}}}", message, StringComparison.Ordinal);
        Assert.DoesNotContain("\"data\"", message, StringComparison.Ordinal);
        Assert.Equal(json.Trim(), await plain.Client.ReceiveTextAsync());
        var received = Assert.Single(client.Handler.Messages);
        Assert.Equal((true, WebSocketMessageType.Text, json.Trim()), (received.IsJson, received.Type, received.Text));
        var stored = Assert.Single((await _host.History.ReadAsync("lobby")).Messages);
        Assert.Equal((true, WebSocketMessageType.Text, json.Trim()), (stored.IsJson, stored.Type, stored.Text));

        var (_, replayed) = await _host.EnterV1Async();
        Assert.Equal(JsonNode.Parse(message)!.ToJsonString(), replayed[0].ToJsonString());
    }

    [Fact]
    public async Task A_text_that_contains_JSON_is_a_text()
    {
        var (client, _) = await _host.EnterV1Async(Relaying);

        await client.Client.SendAsync("""{"type":"message","data":"{\"a\":1}"}""");

        Assert.Equal("""{"a":1}""", (string?)(await client.Client.ReceiveJsonAsync())["data"]);
        Assert.False(Assert.Single(client.Handler.Messages).IsJson);
    }

    [Fact]
    public async Task Another_text_than_that_of_the_JSON_message_is_a_text_unless_the_handler_says_that_it_is_JSON()
    {
        var handler = new ScriptedHandler
        {
            Message = static async (self, message) =>
            {
                await self.Broadcast("[1]");
                await self.Broadcast("[1]", new BroadcastOptions { IsJson = true });
                await self.Broadcast(message.Text, new BroadcastOptions { IsJson = false });
                await self.Broadcast(Encoding.UTF8.GetBytes("[2]"), new BroadcastOptions { IsJson = true });
                await self.Broadcast(message.Data);
            },
        };
        var (client, _) = await _host.EnterV1Async(handler);

        await client.Client.SendAsync("""{"type":"message","json":{}}""");

        Assert.Equal(
            ["""{"data":"[1]"}""", """{"json":[1]}""", """{"data":"{}"}""", """{"json":[2]}""", """{"base64":"e30="}"""],
            (await client.Client.ReceiveJsonAsync(5)).Select(PayloadOf));
    }

    [Fact]
    public async Task A_JSON_message_can_be_edited_and_become_a_text_and_JSON_again()
    {
        var (client, _) = await _host.EnterV1Async(Relaying);
        await client.Client.SendAsync("""{"type":"message","json":{"v":1}}""");
        var position = (string?)(await client.Client.ReceiveJsonAsync())["position"];

        string[] payloads = ["\"json\":{\"v\":2}", "\"data\":\"v3\"", "\"json\":[4]"];
        foreach (var payload in payloads)
        {
            await client.Client.SendAsync($$"""{"type":"edit","position":"{{position}}",{{payload}}}""");
            Assert.Equal($"{{{payload}}}", PayloadOf((await client.Client.ReceiveJsonUntilAsync("change"))[^1]));
        }

        var (_, replayed) = await _host.EnterV1Async();
        Assert.Equal("""{"json":[4]}""", PayloadOf(replayed[0]));
    }

    [Theory]
    [InlineData("""{"type":"message","ref":"r","json":1,"data":"x"}""")]
    [InlineData("""{"type":"message","ref":"r","json":null,"base64":"AAH/"}""")]
    [InlineData("""{"type":"edit","ref":"r","position":"e:1","json":1,"data":"x"}""")]
    [InlineData("""{"type":"message","ref":"r","json":}""")]
    [InlineData("""{"type":"message","ref":"r","json":{"a":1,}}""")]
    [InlineData("""{"type":"message","ref":"r","json":NaN}""")]
    public async Task A_message_has_one_payload_and_its_JSON_is_valid(string frame)
    {
        var (client, _) = await _host.EnterV1Async(Relaying);

        await client.Client.SendAsync(frame);

        Assert.Equal("malformed", (string?)(await client.Client.ReceiveJsonAsync())["code"]);
    }

    [Theory]
    [InlineData(60, true)]
    [InlineData(61, false)]
    [InlineData(63, false)]
    [InlineData(20_000, false)]
    public async Task JSON_may_be_nested_at_most_60_levels_deep_so_that_it_fits_every_frame(int levels, bool isAccepted)
    {
        var json = new string('[', levels) + new string(']', levels);
        var (client, _) = await _host.EnterV1Async(Relaying);

        await client.Client.SendAsync($$"""{"type":"message","ref":"r","json":{{json}}}""");

        var answers = await client.Client.ReceiveJsonAsync(isAccepted ? 2 : 1);
        Assert.Equal(isAccepted, answers.Any(static frame => frame["json"] is not null));
        if (isAccepted)
        {
            await client.Client.SendAsync("""{"type":"history","ref":"h"}""");
            Assert.Equal("history", (string?)(await client.Client.ReceiveJsonAsync())["type"]); // Parsed with at most 64 levels.
        }
        else
        {
            await Assert.ThrowsAsync<ArgumentException>(async () => await client.Handler.Broadcast(json, new BroadcastOptions { IsJson = true }));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("1 2")]
    [InlineData("hello")]
    public async Task What_is_not_JSON_cannot_be_sent_as_JSON(string text)
    {
        var (client, _) = await _host.EnterV1Async();
        var options = new RoomBroadcastOptions { IsJson = true };

        await Assert.ThrowsAsync<ArgumentException>(async () => await client.Handler.Broadcast(text, new BroadcastOptions { IsJson = true }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.Handler.Connection.SendJsonAsync(text));
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.Handler.Connection.EditJsonAsync(new("e", 1), text));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _host.Broadcaster.BroadcastAsync("lobby", text, options));
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await _host.Broadcaster.BroadcastAsync("lobby", Encoding.UTF8.GetBytes(text), options));
        Assert.Empty((await _host.History.ReadAsync("lobby")).Messages);
    }

    [Fact]
    public async Task The_application_and_the_handler_send_JSON()
    {
        var (client, _) = await _host.EnterV1Async();
        var plain = await _host.EnterAsync();

        await _host.Broadcaster.BroadcastAsync("lobby", """{"n":1}""", new RoomBroadcastOptions { IsJson = true });
        await _host.Broadcaster.BroadcastAsync("lobby", """{"n":2}"""u8.ToArray(), new RoomBroadcastOptions { IsJson = true });
        Assert.Equal(["""{"json":{"n":1}}""", """{"json":{"n":2}}"""], (await client.Client.ReceiveJsonAsync(2)).Select(PayloadOf));
        Assert.Equal(["""{"n":1}""", """{"n":2}"""], await plain.Client.ReceiveTextsAsync(2));

        await client.Handler.Connection.SendJsonAsync("[3]");
        await plain.Handler.Connection.SendJsonAsync("[3]");
        Assert.Equal("""{"json":[3]}""", PayloadOf(await client.Client.ReceiveJsonAsync()));
        Assert.Equal("[3]", await plain.Client.ReceiveTextAsync());
    }

    /// <summary>A history of the application can return anything.</summary>
    [Theory]
    [InlineData("""{"type":"live"}} {""")]
    [InlineData("\"\xff\"")]
    [InlineData("{")]
    public void What_a_history_takes_for_JSON_cannot_break_a_frame(string text)
    {
        var data = Encoding.Latin1.GetBytes(text);
        var message = new ChatMessage(WebSocketMessageType.Text, data, default) { IsJson = true };

        var frame = Frame.Parse(V1Frames.Message("lobby", message)).Single();

        Assert.Equal(Encoding.UTF8.GetString(data), (string?)JsonNode.Parse(frame.Text)!["data"]);
    }

    [Fact]
    public async Task The_same_bytes_as_JSON_and_as_a_text_with_one_ref_are_two_messages()
    {
        var (client, _) = await _host.EnterV1Async(Relaying);

        await client.Client.SendAsync("""{"type":"message","ref":"r","json":1}""");
        await client.Client.SendAsync("""{"type":"message","ref":"r","json":1}""");
        await client.Client.SendAsync("""{"type":"message","ref":"r","data":"1"}""");

        var frames = await client.Client.ReceiveJsonAsync(5);
        Assert.Equal(
            ["""{"json":1}""", """{"data":"1"}"""],
            frames.Where(static frame => (string?)frame["type"] == "message").Select(PayloadOf));
    }

    private static string PayloadOf(JsonObject frame) => new JsonObject(
        frame.Where(static member => member.Key is "data" or "json" or "base64")
            .Select(static member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))).ToJsonString();
}

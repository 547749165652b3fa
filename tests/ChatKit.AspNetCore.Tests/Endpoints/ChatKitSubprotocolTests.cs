using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Endpoints;

public class ChatKitSubprotocolTests
{
    [Fact]
    public async Task Every_endpoint_selects_v1_for_clients_that_offer_it()
    {
        await using var server = await ChatServer.StartAsync(Script.Broadcasting);
        await using var plain = await server.ConnectAsync("/chat/lobby");
        await using var client = await ConnectAsync(server, "/chat/lobby");
        Assert.Equal(ChatKitSubprotocol.V1, client.Socket.SubProtocol);
        Assert.Equal(["welcome", "live"], await TypesAsync(client, 2));

        await client.SendAsync("""{"type":"message","ref":"a-1","data":"hi"}""");

        Assert.Equal("hi", await plain.ReceiveAsync());
        var frames = new[] { await ReceiveAsync(client), await ReceiveAsync(client) }.ToDictionary(static frame => (string)frame["type"]!);
        Assert.Equal("hi", (string?)frames["message"]["data"]);
        Assert.Equal((string?)frames["message"]["position"], (string?)frames["ack"]["position"]);
    }

    [Fact]
    public async Task The_applications_own_subprotocols_take_precedence()
    {
        await using var server = await ChatServer.StartAsync(new Script(), static options => options.Subprotocols.Add("mine"));
        await using var both = await ConnectAsync(server, "/chat/lobby", ChatKitSubprotocol.V1, "mine");
        await using var one = await ConnectAsync(server, "/chat/lobby", "other", ChatKitSubprotocol.V1);

        Assert.Equal("mine", both.Socket.SubProtocol);
        Assert.Equal(ChatKitSubprotocol.V1, one.Socket.SubProtocol);
    }

    [Fact]
    public async Task A_client_resumes_from_the_position_in_its_query_string()
    {
        await using var server = await ChatServer.StartAsync(Script.Broadcasting);
        string position;
        await using (var before = await ConnectAsync(server, "/chat/a~b%20%C3%A9"))
        {
            await TypesAsync(before, 2);
            await before.SendAsync("""{"type":"message","data":"1"}""");
            position = (string)(await ReceiveAsync(before))["position"]!;
            await before.SendAsync("""{"type":"message","data":"2"}""");
            await ReceiveAsync(before);
        }

        await using var after = await ConnectAsync(server, $"/chat/a~b%20%C3%A9?x=1&after=a~b%20%C3%A9~{position}&after=other~e:5");

        Assert.Equal("welcome", (string?)(await ReceiveAsync(after))["type"]);
        Assert.Equal(("2", "a~b é"), (await ReceiveAsync(after)) is var message ? ((string?)message["data"], (string?)message["room"]) : default);
        Assert.True((bool?)(await ReceiveAsync(after))["recovered"]);
    }

    [Theory]
    [InlineData("after=lobby")]
    [InlineData("after=lobby~e:1&after=nonsense")]
    [InlineData("after=~e:1")]
    [InlineData("after=lobby~")]
    [InlineData("after=lobby~e")]
    [InlineData("after=lobby~e:x")]
    [InlineData("after=lobby~e:-1")]
    [InlineData("after=lobby~e:0")]
    [InlineData("after=lobby~:5")]
    [InlineData("after=lobby~e:99999999999999999999")]
    [InlineData("after=lob%01by~e:1")]
    [InlineData("after=")]
    [InlineData("after=lobby~e:1&after=lobby~e:2")]
    public async Task An_invalid_position_is_reported_in_a_close_frame(string query)
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script);

        await using var client = await ConnectAsync(server, $"/chat/lobby?{query}");

        var (code, reason) = await client.ReceiveCloseAsync();
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, code);
        Assert.Contains("'after'", reason, StringComparison.Ordinal);
        Assert.Empty(script.Calls);
    }

    [Fact]
    public async Task A_client_cannot_resume_in_more_rooms_than_it_can_join()
    {
        await using var server = await ChatServer.StartAsync(
            static app => app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}"),
            static builder => builder.Services.AddSingleton(new Script()).AddChatKit(static options => options.MaxRoomsPerConnection = 3));
        await using var first = await ConnectAsync(server, "/chat/lobby");
        var position = (string?)(await ReceiveLiveAsync(first))["position"];

        await using var third = await ConnectAsync(server, $"/chat/lobby?after=a~e:1&after=b~e:1&after=lobby~{position}");
        Assert.True((bool?)(await ReceiveLiveAsync(third))["recovered"]);

        await using var fourth = await ConnectAsync(server, $"/chat/lobby?after=a~e:1&after=b~e:1&after=c~e:1&after=lobby~{position}");
        Assert.NotEqual(true, (bool?)(await ReceiveLiveAsync(fourth))["recovered"]);
    }

    [Fact]
    public async Task Positions_that_do_not_fit_into_the_handshake_may_follow_in_frames()
    {
        await using var server = await ChatServer.StartAsync(Script.Broadcasting);
        string position;
        await using (var before = await ConnectAsync(server, "/chat/lobby"))
        {
            await TypesAsync(before, 2);
            await before.SendAsync("""{"type":"message","data":"1"}""");
            position = (string)(await ReceiveAsync(before))["position"]!;
            await before.SendAsync("""{"type":"message","data":"2"}""");
            await ReceiveAsync(before);
        }

        await using var after = await ConnectAsync(server, "/chat/lobby?resume=frame");
        Assert.Equal("welcome", (string?)(await ReceiveAsync(after))["type"]);
        await after.SendAsync("{\"type\":\"resume\",\"after\":{\"lobby\":\"" + position + "\"},\"last\":true}");

        Assert.Equal("2", (string?)(await ReceiveAsync(after))["data"]);
        Assert.True((bool?)(await ReceiveAsync(after))["recovered"]);
    }

    [Theory]
    [InlineData("after=midnight")]
    [InlineData("resume=frame")]
    public async Task A_plain_client_may_use_the_query_parameters_of_v1_for_other_purposes(string query)
    {
        await using var server = await ChatServer.StartAsync(Script.Broadcasting);
        await using var client = await server.ConnectAsync($"/chat/lobby?{query}");

        await client.SendAsync("hi");

        Assert.Equal("hi", await client.ReceiveAsync());
    }

    [Fact]
    public async Task Long_frames_are_compressed_for_clients_that_negotiated_it()
    {
        await using var server = await ChatServer.StartAsync(Script.Broadcasting, static options => options.EnableCompression = true);
        await using var client = await ConnectAsync(
            server, "/chat/lobby", static options => options.DangerousDeflateOptions = new WebSocketDeflateOptions(), ChatKitSubprotocol.V1);
        await using var other = await ConnectAsync(server, "/chat/lobby");
        await TypesAsync(client, 2);
        await TypesAsync(other, 2);
        var text = string.Concat(Enumerable.Repeat("all work and no play ", 100));

        await client.SendAsync($$"""{"type":"message","data":"{{text}}"}""");

        Assert.Equal(text, (string?)(await ReceiveAsync(client))["data"]);
        Assert.Equal(text, (string?)(await ReceiveAsync(other))["data"]);
    }

    private static Task<ChatClient> ConnectAsync(ChatServer server, string path, params string[] subprotocols) =>
        ConnectAsync(server, path, static _ => { }, subprotocols.Length > 0 ? subprotocols : [ChatKitSubprotocol.V1]);

    private static Task<ChatClient> ConnectAsync(
        ChatServer server, string path, Action<ClientWebSocketOptions> configure, params string[] subprotocols) =>
        server.ConnectAsync(path, new ClientSettings
        {
            Options = options =>
            {
                foreach (var subprotocol in subprotocols)
                    options.AddSubProtocol(subprotocol);
                configure(options);
            },
        });

    private static async Task<JsonNode> ReceiveAsync(ChatClient client) => JsonNode.Parse(await client.ReceiveAsync())!;

    private static async Task<JsonNode> ReceiveLiveAsync(ChatClient client)
    {
        while (true)
        {
            if (await ReceiveAsync(client) is var frame && (string?)frame["type"] == "live")
                return frame;
        }
    }

    private static async Task<List<string?>> TypesAsync(ChatClient client, int count)
    {
        List<string?> types = [];
        while (types.Count < count)
            types.Add((string?)(await ReceiveAsync(client))["type"]);
        return types;
    }
}

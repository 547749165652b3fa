using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static ChatKit.AspNetCore.Tests.Http.HttpServer;

namespace ChatKit.AspNetCore.Tests.Http;

/// <summary>Messages that are posted without a connection, as by a webhook or a script.</summary>
public class ShortPostTests
{
    private const string Room = "/chat/lobby";

    [Fact]
    public async Task A_message_is_answered_with_its_position_and_where_to_read_it()
    {
        await using var server = await StartAsync(Script.Broadcasting);

        using var response = await EventStream.PostAsync(server, Room, """{"data":"hi"}""");

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var ack = await JsonAsync(response);
        Assert.Equal("ack", ack.GetProperty("type").GetString());
        using var request = new HttpRequestMessage(HttpMethod.Get, response.Headers.Location);
        request.Headers.Accept.ParseAdd("application/json");
        using var stored = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var message = Assert.Single((await JsonAsync(stored)).GetProperty("messages").EnumerateArray());
        Assert.Equal((ack.GetProperty("position").GetString(), "hi"), (message.GetProperty("position").GetString(), message.GetProperty("data").GetString()));
    }

    [Fact]
    public async Task A_client_that_goes_in_the_middle_of_its_body_is_no_error()
    {
        var script = Script.Broadcasting;
        await using var server = await ChatServer.StartAsync(
            static app =>
            {
                // Kestrel cancels the read, or lets it fail, whichever comes first.
                app.Use(static (context, next) =>
                {
                    context.Request.Body = new BrokenBody();
                    return next(context);
                });
                app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}", static options => options.Transports = ChatTransports.All);
            },
            builder => builder.Services.AddSingleton(script));

        await Assert.ThrowsAsync<HttpRequestException>(() => EventStream.PostAsync(server, Room, """{"data":"hi"}"""));

        Assert.DoesNotContain(server.Logs.Entries, static entry => entry.Level >= LogLevel.Warning);
        Assert.Empty(script.Calls);
    }

    [Fact]
    public async Task The_same_ref_is_stored_once()
    {
        await using var server = await StartAsync(Script.Broadcasting);

        var first = await JsonAsync(await EventStream.PostAsync(server, Room, """{"ref":"r","data":"hi"}"""));
        var second = await JsonAsync(await EventStream.PostAsync(server, Room, """{"ref":"r","data":"hi"}"""));

        Assert.Equal(first.GetProperty("position").GetString(), second.GetProperty("position").GetString());
    }

    [Fact]
    public async Task A_handler_sees_the_whole_life_and_handles_before_it_ends()
    {
        var script = new Script { Message = static (connection, message) => connection.BroadcastAsync($"{message.Text} {connection.Aborted.IsCancellationRequested}") };
        await using var server = await StartAsync(script);
        await using var stream = await EventStream.OpenAsync(server, Room);

        using var response = await EventStream.PostAsync(server, Room, """{"type":"message","data":"hi"}""");

        Assert.Equal("hi False", await stream.TextAsync());
        await stream.DisposeAsync();
        await Patience.UntilAsync(() => script.Calls.Count == 4, "both handlers are closed");
    }

    [Fact]
    public async Task A_message_that_stores_nothing_is_answered_with_200()
    {
        await using var server = await StartAsync(new Script());

        using var response = await EventStream.PostAsync(server, Room, """{"data":"hi","ref":"r"}""");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Null(response.Headers.Location);
        Assert.Equal("""{"type":"ack","ref":"r"}""", (await JsonAsync(response)).GetRawText());
    }

    [Theory]
    [InlineData("""{"type":"edit","position":"x:1","data":"new"}""", HttpStatusCode.Gone, "gone")]
    [InlineData("""{"type":"delete","position":"$","ref":"d"}""", HttpStatusCode.Forbidden, "forbidden")]
    [InlineData("""{"type":"signal","name":"typing"}""", HttpStatusCode.Forbidden, "forbidden")]
    [InlineData("""{"type":"read","position":"$"}""", HttpStatusCode.Forbidden, "forbidden")]
    [InlineData("""{"data":1}""", HttpStatusCode.BadRequest, "malformed")]
    [InlineData("""{"type":"join","room":"kitchen"}""", HttpStatusCode.BadRequest, "malformed")]
    [InlineData("""{"type":"dance"}""", HttpStatusCode.BadRequest, "unsupported")]
    [InlineData("""{"room":"kitchen","data":"hi"}""", HttpStatusCode.Forbidden, "forbidden")]
    [InlineData("""[{"data":"hi"},{"data":"hi"}]""", HttpStatusCode.BadRequest, "malformed")]
    [InlineData("hi", HttpStatusCode.BadRequest, "malformed")]
    [InlineData("""{"type":1,"data":"hi"}""", HttpStatusCode.BadRequest, "malformed")]
    [InlineData("""{"type":"\ud800","data":"hi"}""", HttpStatusCode.BadRequest, "malformed")]
    [InlineData("""{"data":"\ud800"}""", HttpStatusCode.BadRequest, "malformed")]
    [InlineData("""{"room":"\ud800","data":"hi"}""", HttpStatusCode.BadRequest, "malformed")]
    [InlineData("""{"\ud800":1,"data":"hi"}""", HttpStatusCode.BadRequest, "malformed")]
    [InlineData("""{"data":"refuse"}""", HttpStatusCode.Forbidden, "muted")]
    [InlineData("""{"data":"fail"}""", HttpStatusCode.InternalServerError, "failed")]
    [InlineData("""{"data":"close"}""", HttpStatusCode.Forbidden, "closed")]
    public async Task An_error_of_the_protocol_is_a_problem(string body, HttpStatusCode status, string code)
    {
        var script = new Script
        {
            Message = static (connection, message) => message.Text switch
            {
                "refuse" => throw new MessageRefusedException("muted", "You are muted."),
                "fail" => throw new InvalidOperationException("secret"),
                "close" => connection.CloseAsync((System.Net.WebSockets.WebSocketCloseStatus)4001, "bye"),
                _ => connection.BroadcastAsync(message.Text),
            },
        };
        await using var server = await StartAsync(script);
        var position = (await JsonAsync(await EventStream.PostAsync(server, Room, """{"data":"first"}"""))).GetProperty("position").GetString();

        using var response = await EventStream.PostAsync(server, Room, body.Replace("$", position, StringComparison.Ordinal));

        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(code, (await JsonAsync(response)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_client_may_address_a_room_that_the_handler_allows()
    {
        var script = new Script
        {
            Authorize = static room => room != "secret",
            Message = static (connection, message) => connection.BroadcastAsync(message.Text, new BroadcastOptions { Room = message.Room }),
        };
        await using var server = await StartAsync(script, static options => options.AllowClientJoins = true);

        using var allowed = await EventStream.PostAsync(server, Room, """{"room":"kitchen","data":"hi"}""");
        using var denied = await EventStream.PostAsync(server, Room, """{"room":"secret","data":"hi"}""");

        Assert.Equal("kitchen", (await JsonAsync(allowed)).GetProperty("room").GetString());
        Assert.Equal(HttpStatusCode.Forbidden, denied.StatusCode);
    }

    [Theory]
    [InlineData("{\"json\":", 64, "}")]
    [InlineData("[{\"json\":", 63, "},{}]")]
    public async Task A_frame_that_is_nested_too_deeply_is_malformed(string before, int levels, string after)
    {
        await using var server = await StartAsync(Script.Broadcasting);

        using var response = await EventStream.PostAsync(server, Room, before + new string('[', levels) + new string(']', levels) + after);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("malformed", (await JsonAsync(response)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task An_edit_stores_no_message_and_is_answered_with_200()
    {
        await using var server = await ChatServer.StartAsync(
            static app => app.MapWebSocketHandler<EditingRoom>("/chat/{room}", static options => options.Transports = ChatTransports.All));
        var position = (await JsonAsync(await EventStream.PostAsync(server, Room, """{"data":"old"}"""))).GetProperty("position").GetString();

        using var response = await EventStream.PostAsync(server, Room, $$"""{"type":"edit","position":"{{position}}","data":"new"}""");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Null(response.Headers.Location);
        Assert.Equal(position, (await JsonAsync(response)).GetProperty("position").GetString());
    }

    [Fact]
    public async Task A_message_in_another_room_has_no_location()
    {
        var script = new Script
        {
            Message = static (connection, message) => connection.BroadcastAsync(message.Text, new BroadcastOptions { Room = message.Room }),
        };
        await using var server = await StartAsync(script, static options => options.AllowClientJoins = true);

        using var response = await EventStream.PostAsync(server, Room, """{"room":"kitchen","data":"hi"}""");

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Null(response.Headers.Location);
    }

    [Fact]
    public async Task The_location_keeps_the_query_which_can_name_the_room()
    {
        await using var server = await StartAsync(Script.Broadcasting, static options => options.HomeRoom = static context => context.Request.Query["in"]);

        using var response = await EventStream.PostAsync(server, $"{Room}?in=K%C3%BCche", """{"data":"hi"}""");

        Assert.Matches("^/chat/lobby\\?in=K%C3%BCche&before=[0-9a-z]+%3A2&limit=1$", response.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task A_room_that_is_denied_is_answered_with_403()
    {
        var script = new Script { Authorize = static _ => false };
        await using var server = await StartAsync(script);

        using var response = await EventStream.PostAsync(server, Room, """{"data":"hi"}""");

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("not allowed in this room", (await JsonAsync(response)).GetProperty("detail").GetString());
    }

    private sealed class EditingRoom : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);

        protected override async ValueTask OnEditAsync(EditRequest edit) => await EditAsync(edit.Position, edit.Message.Text);
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

    private sealed class BrokenBody : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new ConnectionResetException("The client has gone.");
    }
}

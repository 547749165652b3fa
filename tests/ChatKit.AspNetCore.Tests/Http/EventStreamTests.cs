using System.Net;
using System.Text.Json;
using ChatKit.AspNetCore.Tests.Custom;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static ChatKit.AspNetCore.Tests.Http.HttpServer;

namespace ChatKit.AspNetCore.Tests.Http;

/// <summary>Connections over server-sent events: the same handler, rooms and limits as over WebSockets.</summary>
public class EventStreamTests
{
    private const string Room = "/chat/lobby";

    [Fact]
    public async Task A_stream_has_the_whole_life_of_a_handler()
    {
        var script = new Script { Open = static connection => connection.SendAsync($"over {connection.Transport}") };
        await using var server = await StartAsync(script);
        var stream = await EventStream.OpenAsync(server, Room);

        Assert.Equal("over ServerSentEvents", await stream.TextAsync());
        await stream.DisposeAsync();

        Assert.Equal(1006, (int)(await script.Closed).Code);
        Assert.Equal(["open", "close"], script.Calls);
    }

    [Fact]
    public async Task Headers_forbid_what_would_hold_events_back()
    {
        await using var server = await StartAsync(new Script());
        await using var stream = await EventStream.OpenAsync(server, Room);

        Assert.Equal("no", stream.Response.Headers.GetValues("X-Accel-Buffering").Single());
        Assert.Equal("identity", stream.Response.Content.Headers.ContentEncoding.Single());
        Assert.True(stream.Response.Headers.CacheControl is { NoCache: true, NoStore: true });
    }

    [Fact]
    public async Task A_stream_and_a_WebSocket_see_the_same_messages_in_the_same_order()
    {
        await using var server = await StartAsync(Script.Broadcasting);
        await using var stream = await EventStream.OpenAsync(server, Room);
        await stream.FrameAsync("live");
        await using var socket = await server.ConnectAsync(Room, new ClientSettings { Options = static socket => socket.AddSubProtocol(ChatKitSubprotocol.V1) });

        for (var i = 0; i < 100; i++)
            await socket.SendAsync($$"""{"type":"message","data":"{{i}}"}""");

        for (var i = 0; i < 100; i++)
            Assert.Equal($"{i}", await stream.TextAsync());
    }

    [Fact]
    public async Task The_last_id_resumes_where_the_stream_was_cut()
    {
        await using var server = await StartAsync(Script.Broadcasting);
        var first = await EventStream.OpenAsync(server, Room);
        await first.FrameAsync("live");
        (await first.PostAsync("""[{"data":"1","type":"message"},{"data":"2","type":"message"}]""", 1)).EnsureSuccessStatusCode();
        Assert.Equal("1", await first.TextAsync());
        await first.DisposeAsync();
        (await EventStream.PostAsync(server, Room, """{"data":"3"}""")).EnsureSuccessStatusCode();

        await using var second = await EventStream.OpenAsync(server, Room, ("Last-Event-ID", first.LastId!));

        Assert.Equal("2", await second.TextAsync());
        Assert.Equal("3", await second.TextAsync());
        Assert.True((await second.FrameAsync("live")).GetProperty("recovered").GetBoolean());
    }

    [Fact]
    public async Task The_id_has_the_positions_of_all_rooms()
    {
        var script = new Script
        {
            Open = static connection => connection.JoinAsync("Küche & Bad~1"),
            Message = static (connection, message) =>
                connection.BroadcastAsync(message.Text, new BroadcastOptions { Room = message.Text == "far" ? "Küche & Bad~1" : null }),
        };
        await using var server = await StartAsync(script);
        var first = await EventStream.OpenAsync(server, Room);
        await first.FrameAsync("live");
        await first.FrameAsync("live");
        foreach (var text in (string[])["far", "near"])
        {
            (await first.PostAsync($$"""{"type":"message","data":"{{text}}"}""")).EnsureSuccessStatusCode();
            Assert.Equal(text, await first.TextAsync());
        }

        await first.DisposeAsync();

        await using var second = await EventStream.OpenAsync(server, Room, ("Last-Event-ID", first.LastId!));

        Assert.Matches("^lobby~[0-9a-z]+:1&K%C3%BCche%20%26%20Bad~1~[0-9a-z]+:1$", first.LastId);
        Assert.True((await second.FrameAsync("live")).GetProperty("recovered").GetBoolean());
        Assert.True((await second.FrameAsync("live")).GetProperty("recovered").GetBoolean());
    }

    [Fact]
    public async Task The_last_id_counts_more_than_the_query_which_a_browser_repeats()
    {
        await using var server = await StartAsync(Script.Broadcasting);
        var first = await EventStream.OpenAsync(server, Room);
        await first.FrameAsync("live");
        (await first.PostAsync("""[{"data":"1","type":"message"},{"data":"2","type":"message"},{"data":"3","type":"message"}]""")).EnsureSuccessStatusCode();
        await first.TextAsync();
        var query = $"?after={first.LastId}";
        await first.TextAsync();
        await first.DisposeAsync();

        await using var second = await EventStream.OpenAsync(server, Room + query, ("Last-Event-ID", first.LastId!));

        Assert.Equal("3", await second.TextAsync());
    }

    [Theory]
    [InlineData("a\nb: c\r")]
    [InlineData("a&b=%41+")]
    [InlineData("ä€\0")]
    public async Task An_id_can_have_any_epoch_of_a_history_of_the_application(string epoch)
    {
        var history = new TableHistory(epoch: epoch);
        await using var server = await ChatServer.StartAsync(
            static app => app.MapWebSocketHandler<ChatRoom>("/chat/{room}", static options => options.Transports = ChatTransports.All),
            builder => builder.Services.AddSingleton<IMessageHistory>(history));
        (await EventStream.PostAsync(server, Room, """{"data":"1"}""")).EnsureSuccessStatusCode();
        await using var first = await EventStream.OpenAsync(server, Room);
        await first.FrameAsync("live");

        await using var second = await EventStream.OpenAsync(server, Room, ("Last-Event-ID", first.LastId!));

        Assert.True((await second.FrameAsync("live")).GetProperty("recovered").GetBoolean());
    }

    [Fact]
    public async Task The_last_id_resumes_the_home_room_however_many_rooms_the_client_has_left()
    {
        var script = new Script
        {
            Message = static async (connection, message) =>
            {
                for (var i = 0; i < 150; i++)
                {
                    await connection.JoinAsync($"{i}");
                    await connection.LeaveAsync($"{i}");
                }

                await connection.BroadcastAsync(message.Text);
            },
        };
        await using var server = await StartAsync(script);
        var first = await EventStream.OpenAsync(server, Room);
        (await first.PostAsync("""{"type":"message","data":"hi"}""")).EnsureSuccessStatusCode();
        await first.TextAsync();
        await first.DisposeAsync();

        await using var second = await EventStream.OpenAsync(server, Room, ("Last-Event-ID", first.LastId!));

        Assert.True((await second.FrameAsync("live")).GetProperty("recovered").GetBoolean());
    }

    [Fact]
    public async Task JSON_with_line_ends_stays_one_event()
    {
        var script = new Script { Open = static connection => connection.SendJsonAsync("{\n  \"a\":\r\n  \"b\\nc\"\n}") };
        await using var server = await StartAsync(script);
        await using var stream = await EventStream.OpenAsync(server, Room);

        Assert.Equal("b\nc", (await stream.FrameAsync("message")).GetProperty("json").GetProperty("a").GetString());
    }

    [Fact]
    public async Task A_close_is_the_last_event()
    {
        var script = new Script { Message = static (connection, _) => connection.CloseAsync((System.Net.WebSockets.WebSocketCloseStatus)4001, "b\"ye") };
        await using var server = await StartAsync(script);
        await using var stream = await EventStream.OpenAsync(server, Room);
        (await stream.PostAsync("""{"type":"message","data":"close"}""")).EnsureSuccessStatusCode();
        await stream.FrameAsync("live");

        var last = await stream.EventAsync();

        Assert.Equal(("close", """{"code":4001,"reason":"b\u0022ye"}"""), (last.EventType, last.Data));
        Assert.True(await stream.HasEndedAsync());
        Assert.True((await script.Closed).WasClean);
        Assert.Equal(HttpStatusCode.Gone, (await stream.PostAsync("[]")).StatusCode);
    }

    [Fact]
    public async Task A_restart_is_announced_before_the_end()
    {
        await using var server = await StartAsync(new Script());
        await using var stream = await EventStream.OpenAsync(server, Room);
        await stream.FrameAsync("live");

        var stopping = server.StopAsync();

        Assert.True((await stream.FrameAsync("restart")).GetProperty("retry").GetDouble() >= 0);
        Assert.Equal(1012, JsonElement.Parse((await stream.EventAsync()).Data).GetProperty("code").GetInt32());
        Assert.True(await stream.HasEndedAsync());
        await stopping.Soon();
    }

    [Fact]
    public async Task Heartbeats_are_comments_and_keep_a_silent_client()
    {
        await using var server = await StartAsync(
            Script.Broadcasting, options => (options.PingInterval, options.PingTimeout) = (TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(100)));
        using var response = await EventStream.RequestAsync(server, Room);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

        // Far longer than a WebSocket that does not answer would be kept.
        for (var pings = 0; pings < 20; pings += await lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Soon() == ": ping" ? 1 : 0)
        {
        }
    }

    [Theory]
    [InlineData("/chat/lobby?after=lobby", HttpStatusCode.BadRequest)]
    [InlineData("/chat/lobby?connection=", HttpStatusCode.BadRequest)]
    [InlineData("/chat/%01", HttpStatusCode.BadRequest)]
    public async Task A_wrong_request_is_answered_with_400(string path, HttpStatusCode status)
    {
        await using var server = await StartAsync(new Script());

        using var response = await EventStream.RequestAsync(server, path);

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task A_wrong_last_id_is_answered_with_400()
    {
        await using var server = await StartAsync(new Script());

        using var response = await EventStream.RequestAsync(server, Room, ("Last-Event-ID", "17"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.StartsWith("Last-Event-ID must be", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_of_another_origin_is_refused()
    {
        await using var server = await StartAsync(new Script());

        using var response = await EventStream.RequestAsync(server, Room, ("Origin", "https://evil.example"));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData("cross-site", HttpStatusCode.Forbidden)]
    [InlineData("same-site", HttpStatusCode.Forbidden)]
    [InlineData("same-origin", HttpStatusCode.OK)]
    [InlineData("none", HttpStatusCode.OK)]
    public async Task A_page_of_another_site_that_hides_its_origin_is_refused(string site, HttpStatusCode status)
    {
        await using var server = await StartAsync(new Script());

        using var response = await EventStream.RequestAsync(server, Room, ("Sec-Fetch-Site", site));

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task Limits_count_streams_too()
    {
        await using var server = await StartAsync(new Script(), static options => options.MaxConnections = 1);
        await using var stream = await EventStream.OpenAsync(server, Room);

        using var response = await EventStream.RequestAsync(server, Room);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(5), response.Headers.RetryAfter?.Delta);
    }

    [Fact]
    public async Task A_slow_reader_delays_nobody_and_catches_up()
    {
        await using var server = await StartAsync(Script.Broadcasting, static options => options.OutboundQueueLimit = 64 * 1024);
        await using var slow = await EventStream.OpenAsync(server, Room);
        await using var quick = await server.ConnectAsync(Room, new ClientSettings { Options = static socket => socket.AddSubProtocol(ChatKitSubprotocol.V1) });
        var text = new string('x', 20_000);
        for (var i = 0; i < 90; i++)
            (await EventStream.PostAsync(server, Room, $$"""{"data":"{{i}} {{text}}"}""")).EnsureSuccessStatusCode();

        for (var i = 0; i < 90; i++)
            Assert.StartsWith($"{i} ", await slow.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_goes_before_its_stream_begins_is_no_error()
    {
        await using var server = await ChatServer.StartAsync(
            static app =>
            {
                // Kestrel closes the socket as soon as the client resets the connection, while the request is still on its way to the endpoint.
                app.Use(static (context, next) =>
                {
                    context.Features.Get<IConnectionSocketFeature>()!.Socket.Dispose();
                    return next(context);
                });
                app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}", static options => options.Transports = ChatTransports.All);
            },
            static builder => builder.Services.AddSingleton(new Script()));

        await Assert.ThrowsAsync<HttpRequestException>(() => EventStream.OpenAsync(server, Room));

        await server.StopAsync(); // The request has ended then.
        Assert.DoesNotContain(server.Logs.Entries, static entry => entry.Level >= LogLevel.Error);
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Http;

/// <summary>What the client of an event stream sends.</summary>
public sealed class PostTests(RedisServer redis) : IClassFixture<RedisServer>
{
    private const string Room = "/chat/lobby";

    [Fact]
    public async Task Answers_come_down_the_stream()
    {
        await using var server = await StartAsync(Script.Broadcasting);
        await using var stream = await EventStream.OpenAsync(server, Room);

        using var response = await stream.PostAsync("""{"type":"message","ref":"a-1","data":"hi"}""");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("a-1", (await stream.FrameAsync("ack")).GetProperty("ref").GetString());
    }

    [Fact]
    public async Task Numbered_posts_are_handled_in_order_and_once_whatever_order_they_come_in()
    {
        var received = new ConcurrentQueue<string>();
        await using var server = await StartAsync(Recording(received));
        await using var stream = await EventStream.OpenAsync(server, Room);

        var posts = Enumerable.Range(1, 8).Reverse().SelectMany(n => Enumerable.Repeat(stream.PostAsync(Texts($"{n}a", $"{n}b"), n), 2)).ToArray();
        var statuses = (await Task.WhenAll(posts)).Select(static response => response.StatusCode);

        Assert.All(statuses, static status => Assert.Equal(HttpStatusCode.Accepted, status));
        await Patience.UntilAsync(() => received.Count == 16, "all messages are handled");
        Assert.Equal(Enumerable.Range(1, 8).SelectMany(static n => (string[])[$"{n}a", $"{n}b"]), received);
    }

    [Fact]
    public async Task A_post_is_held_back_until_the_one_before_it_and_refused_if_that_does_not_come()
    {
        await using var server = await StartAsync(new Script());
        await using var stream = await EventStream.OpenAsync(server, Room);

        using var response = await stream.PostAsync(Texts("2"), 2);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        Assert.Equal(HttpStatusCode.Accepted, (await stream.PostAsync(Texts("1"), 1)).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await stream.PostAsync(Texts("2"), 2)).StatusCode);
    }

    [Fact]
    public async Task A_slow_handler_makes_posts_wait_and_loses_none()
    {
        var received = new ConcurrentQueue<string>();
        using var mayHandle = new SemaphoreSlim(0);
        var script = new Script
        {
            Message = async (_, message) =>
            {
                await mayHandle.WaitAsync(TestContext.Current.CancellationToken);
                received.Enqueue(message.Text);
            },
        };
        await using var server = await StartAsync(script);
        await using var stream = await EventStream.OpenAsync(server, Room);
        var number = 1;
        while ((await stream.PostAsync(Texts($"{number}"), number)).StatusCode == HttpStatusCode.Accepted)
            number++;

        mayHandle.Release(1000);
        await Patience.UntilAsync(async () => (await stream.PostAsync(Texts($"{number}"), number)).IsSuccessStatusCode, "there is space again");
        await Patience.UntilAsync(() => received.Count == number, "all messages are handled");

        Assert.Equal(Enumerable.Range(1, number).Select(static n => $"{n}"), received);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hi")]
    [InlineData("""{"type":"message","data":"hi"} 2""")]
    [InlineData("""[{"type":"message","data":"hi"}""")]
    public async Task A_body_that_is_not_JSON_is_refused_as_a_whole(string body)
    {
        var script = Script.Broadcasting;
        await using var server = await StartAsync(script);
        await using var stream = await EventStream.OpenAsync(server, Room);

        using var response = await stream.PostAsync(body, 1);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        (await stream.PostAsync(Texts("next"), 1)).EnsureSuccessStatusCode();
        Assert.Equal("next", await stream.TextAsync());
    }

    [Fact]
    public async Task A_frame_that_is_malformed_is_answered_down_the_stream()
    {
        await using var server = await StartAsync(Script.Broadcasting);
        await using var stream = await EventStream.OpenAsync(server, Room);

        (await stream.PostAsync("""[17,{"type":"message","data":"next"}]""")).EnsureSuccessStatusCode();

        Assert.Equal("malformed", (await stream.FrameAsync("error")).GetProperty("code").GetString());
        Assert.Equal("next", await stream.TextAsync());
    }

    [Fact]
    public async Task A_body_larger_than_a_message_is_refused()
    {
        await using var server = await StartAsync(Script.Broadcasting, static options => options.MaxMessageSize = 1000);
        await using var stream = await EventStream.OpenAsync(server, Room);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await stream.PostAsync(Texts(new string('x', 1000)))).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await stream.PostAsync(Texts(new string('x', 900)))).StatusCode);
    }

    [Fact]
    public async Task A_body_of_unknown_length_that_is_too_large_is_refused()
    {
        await using var server = await StartAsync(Script.Broadcasting, static options => options.MaxMessageSize = 1000);

        // The second request uses the same connection.
        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Room, UriKind.Relative));
            request.Content = new StringContent(Texts(new string('x', 100_000)), System.Text.Encoding.UTF8, "application/json");
            request.Headers.TransferEncodingChunked = true;
            using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        }
    }

    [Fact]
    public async Task A_post_to_another_endpoint_has_the_limit_of_the_stream()
    {
        await using var server = await ChatServer.StartAsync(
            static app =>
            {
                app.MapWebSocketHandler<ChatRoom>("/small", static options => (options.Transports, options.MaxMessageSize) = (ChatTransports.All, 100));
                app.MapWebSocketHandler<ChatRoom>("/large", static options => options.Transports = ChatTransports.All);
            });
        await using var stream = await EventStream.OpenAsync(server, "/small");

        using var response = await EventStream.PostAsync(server, "/large", Texts(new string('x', 1000)), ("ChatKit-Connection", stream.Token));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task Another_content_type_is_refused(string? type)
    {
        await using var server = await StartAsync(Script.Broadcasting);
        using var content = new ByteArrayContent("{}"u8.ToArray());
        content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);

        using var response = await server.Http.PostAsync(new Uri(Room, UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task A_page_of_another_origin_is_refused()
    {
        await using var server = await StartAsync(Script.Broadcasting);
        await using var stream = await EventStream.OpenAsync(server, Room);

        Assert.Equal(HttpStatusCode.Forbidden, (await stream.PostAsync(Texts("hi"), headers: ("Origin", "https://evil.example"))).StatusCode);
    }

    [Fact]
    public async Task The_token_of_another_stream_or_a_changed_one_is_refused()
    {
        await using var server = await StartAsync(Script.Broadcasting);
        await using var one = await EventStream.OpenAsync(server, Room);
        await using var other = await EventStream.OpenAsync(server, Room);
        var (ofOne, ofOther) = (one.Token.Split('.'), other.Token.Split('.'));

        foreach (var token in (string[])["", "x", string.Join('.', ofOne[0], ofOne[1], ofOther[2]), one.Token[..^1], one.Token + "0"])
        {
            one.Token = token;
            Assert.Equal(HttpStatusCode.Forbidden, (await one.PostAsync(Texts("hi"))).StatusCode);
        }
    }

    [Fact]
    public async Task The_token_of_another_user_is_refused()
    {
        await using var server = await ChatServer.StartAsync(
            static app =>
            {
                app.Use(static (context, next) =>
                {
                    var name = context.Request.Headers["X-User"].ToString();
                    context.User = new(new System.Security.Claims.ClaimsIdentity([new("sub", name)], "test"));
                    return next(context);
                });
                app.MapWebSocketHandler<ChatRoom>("/chat/{room}", static options => options.Transports = ChatTransports.All);
            });
        await using var stream = await EventStream.OpenAsync(server, Room, ("X-User", "ann"));

        Assert.Equal(HttpStatusCode.Forbidden, (await stream.PostAsync(Texts("hi"), headers: ("X-User", "bob"))).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await stream.PostAsync(Texts("hi"), headers: ("X-User", "ann"))).StatusCode);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("one")]
    public async Task A_number_that_is_none_is_refused(string number)
    {
        await using var server = await StartAsync(Script.Broadcasting);
        await using var stream = await EventStream.OpenAsync(server, Room);

        Assert.Equal(HttpStatusCode.BadRequest, (await stream.PostAsync("{}", headers: ("ChatKit-Sequence", number))).StatusCode);
    }

    [Fact]
    public async Task A_post_to_another_node_reaches_the_stream_in_order()
    {
        var received = new ConcurrentQueue<string>();
        var prefix = $"test-{Guid.NewGuid():n}:";
        await using var one = await StartAsync(Recording(received), redisPrefix: prefix);
        await using var other = await StartAsync(new Script(), redisPrefix: prefix);
        await using var stream = await EventStream.OpenAsync(one, Room);

        var posts = Enumerable.Range(1, 12).Select(n => stream.PostAsync(Texts($"{n}"), n, n % 2 == 0 ? one : other));

        Assert.All(await Task.WhenAll(posts), static response => Assert.Equal(HttpStatusCode.Accepted, response.StatusCode));
        await Patience.UntilAsync(() => received.Count == 12, "all messages are handled");
        Assert.Equal(Enumerable.Range(1, 12).Select(static n => $"{n}"), received);
        stream.Token = stream.Token[..^1] + (stream.Token[^1] == '0' ? '1' : '0');
        Assert.Equal(HttpStatusCode.Forbidden, (await stream.PostAsync(Texts("x"), 13, other)).StatusCode);
    }

    [Fact]
    public async Task A_post_to_a_stream_of_a_node_that_is_gone_is_answered_with_410()
    {
        var prefix = $"test-{Guid.NewGuid():n}:";
        await using var other = await StartAsync(new Script(), redisPrefix: prefix);
        await using var one = await StartAsync(new Script(), redisPrefix: prefix);
        await using var stream = await EventStream.OpenAsync(one, Room);
        await one.StopAsync();
        await one.DisposeAsync();

        Assert.Equal(HttpStatusCode.Gone, (await stream.PostAsync(Texts("hi"), 1, other)).StatusCode);
    }

    private static string Texts(params string[] texts) =>
        $"[{string.Join(',', texts.Select(static text => $$"""{"type":"message","data":"{{text}}"}"""))}]";

    private static Script Recording(ConcurrentQueue<string> received) => new()
    {
        Message = (_, message) =>
        {
            received.Enqueue(message.Text);
            return ValueTask.CompletedTask;
        },
    };

    private Task<ChatServer> StartAsync(Script script, Action<WebSocketEndpointOptions>? configure = null, string? redisPrefix = null) =>
        HttpServer.StartAsync(script, configure, services =>
        {
            if (redisPrefix is not null)
                services.AddChatKit().AddRedis(options => (options.Configuration, options.KeyPrefix) = (redis.Configuration, redisPrefix));
        });
}

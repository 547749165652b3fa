using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using ChatKit.AspNetCore.Tests.Custom;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using static ChatKit.AspNetCore.Tests.Http.HttpServer;

namespace ChatKit.AspNetCore.Tests.Http;

/// <summary>Rooms that are read with single requests: short polling and long polling.</summary>
public class PollTests
{
    private const string Room = "/chat/lobby";

    [Fact]
    public async Task A_poll_has_the_whole_life_of_a_handler()
    {
        var script = new Script { Open = static connection => connection.SendAsync($"over {connection.Transport}") };
        await using var server = await StartAsync(script);

        var room = await JsonAsync(server, Room);

        Assert.Equal("lobby", room.GetProperty("room").GetString());
        Assert.Equal(["over Polling"], Texts(room));
        Assert.True((await script.Closed).WasClean);
        Assert.Equal(["open", "close"], script.Calls);
    }

    [Fact]
    public async Task Polls_go_on_where_the_last_one_ended()
    {
        await using var server = await StartAsync(Script.Broadcasting);
        await SayAsync(server, "1", "2", "3");
        var first = await JsonAsync(server, Room);
        await SayAsync(server, "4", "5");

        var second = await JsonAsync(server, $"{Room}?after={Position(first)}");
        var third = await JsonAsync(server, $"{Room}?after={Position(second)}");

        Assert.Equal(["1", "2", "3"], Texts(first));
        Assert.Equal(["4", "5"], Texts(second));
        Assert.Empty(Texts(third));
        Assert.Equal(Position(second), Position(third));
    }

    [Fact]
    public async Task A_limit_pages_through_the_room_in_both_directions()
    {
        await using var server = await StartAsync(Script.Broadcasting);
        await SayAsync(server, [.. Enumerable.Range(1, 7).Select(static n => $"{n}")]);

        var last = await JsonAsync(server, $"{Room}?limit=2");
        var before = await JsonAsync(server, $"{Room}?limit=3&before={Uri.EscapeDataString(last.GetProperty("messages")[0].GetProperty("position").GetString()!)}");
        var first = before.GetProperty("messages")[0].GetProperty("position").GetString()!;
        var page = await JsonAsync(server, $"{Room}?limit=2&after={Uri.EscapeDataString(first)}");
        var rest = await JsonAsync(server, $"{Room}?limit=3&after={Position(page)}");

        Assert.Equal(["6", "7"], Texts(last));
        Assert.Equal(["3", "4", "5"], Texts(before));
        Assert.True(before.GetProperty("more").GetBoolean());
        Assert.Equal(["4", "5"], Texts(page));
        Assert.True(page.GetProperty("more").GetBoolean());
        Assert.Equal(["6", "7"], Texts(rest));
        Assert.False(rest.TryGetProperty("more", out _));
    }

    [Fact]
    public async Task What_was_removed_is_announced_as_a_gap()
    {
        await using var server = await StartAsync(Script.Broadcasting, static options => options.HistoryCapacity = 3);
        await SayAsync(server, "1");
        var first = await JsonAsync(server, Room);
        await SayAsync(server, "2", "3", "4", "5", "6");

        var second = await JsonAsync(server, $"{Room}?after={Position(first)}");

        Assert.Equal(2, second.GetProperty("gap").GetProperty("missed").GetInt32());
        Assert.Equal(["4", "5", "6"], Texts(second));
    }

    [Fact]
    public async Task Changes_since_the_last_poll_are_in_the_next()
    {
        var script = new Script();
        await using var server = await StartAsync(script);
        var rooms = server.Services.GetRequiredService<IRoomBroadcaster>();
        var position = (await rooms.BroadcastAsync("lobby", "old", cancellationToken: TestContext.Current.CancellationToken)).GetValueOrDefault();
        var first = await JsonAsync(server, Room);
        await rooms.EditAsync("lobby", position, "new", cancellationToken: TestContext.Current.CancellationToken);

        var second = await JsonAsync(server, $"{Room}?after={Position(first)}");
        var third = await JsonAsync(server, $"{Room}?after={Position(second)}");

        Assert.Equal("change", second.GetProperty("messages")[0].GetProperty("type").GetString());
        Assert.Equal(["new"], Texts(second));
        Assert.Empty(Texts(third));
    }

    [Fact]
    public async Task An_ETag_saves_what_the_client_has_already()
    {
        await using var server = await StartAsync(Script.Broadcasting);
        await SayAsync(server, "1");
        using var first = await PollAsync(server, Room);
        var tag = first.Headers.ETag!.Tag;

        using var same = await PollAsync(server, Room, ("If-None-Match", tag));
        await SayAsync(server, "2");
        using var changed = await PollAsync(server, Room, ("If-None-Match", tag));

        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.NotEqual(tag, changed.Headers.ETag!.Tag);
    }

    [Theory]
    [InlineData("$")]
    [InlineData("W/$")]
    [InlineData("\"other\", W/$")]
    public async Task A_tag_can_be_weak_or_one_of_several(string header)
    {
        await using var server = await StartAsync(Script.Broadcasting);
        await SayAsync(server, "1");
        using var first = await PollAsync(server, Room);

        using var same = await PollAsync(server, Room, ("If-None-Match", header.Replace("$", first.Headers.ETag!.Tag, StringComparison.Ordinal)));

        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
    }

    [Theory]
    [InlineData("a\"b")]
    [InlineData("a\r\nb: c")]
    [InlineData("ä€")]
    public async Task A_tag_can_have_any_epoch_of_a_history_of_the_application(string epoch)
    {
        await using var server = await StartAsync(Script.Broadcasting, build: services => services.AddSingleton<IMessageHistory>(new TableHistory(epoch: epoch)));
        await SayAsync(server, "1");
        using var first = await PollAsync(server, Room);

        using var same = await PollAsync(server, Room, ("If-None-Match", first.Headers.ETag!.Tag));

        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
    }

    [Fact]
    public async Task A_message_for_the_user_only_is_news_and_has_no_tag()
    {
        var script = new Script { Open = static connection => connection.SendAsync("for you") };
        await using var server = await StartAsync(script);
        await server.Services.GetRequiredService<IRoomBroadcaster>().BroadcastAsync("lobby", "for all", cancellationToken: TestContext.Current.CancellationToken);
        var position = Uri.UnescapeDataString(Position(await JsonAsync(server, Room)));

        using var response = await PollAsync(server, Room, ("If-None-Match", $"\"{position}\""));

        Assert.Null(response.Headers.ETag);
        Assert.Equal(["for you", "for all"], Texts(await JsonAsync(response)));
    }

    [Fact]
    public async Task A_room_that_the_handler_joins_is_not_in_the_response()
    {
        var script = new Script { Open = static connection => connection.JoinAsync("kitchen") };
        await using var server = await StartAsync(script);
        var rooms = server.Services.GetRequiredService<IRoomBroadcaster>();
        await rooms.BroadcastAsync("kitchen", "far", cancellationToken: TestContext.Current.CancellationToken);
        await rooms.BroadcastAsync("lobby", "near", cancellationToken: TestContext.Current.CancellationToken);

        var first = await JsonAsync(server, Room);
        var poll = JsonAsync(server, $"{Room}?wait=60&after={Position(first)}");
        await MembersAsync(server, 1);
        await rooms.BroadcastAsync("lobby", "new", cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(["near"], Texts(first));
        Assert.Equal(["new"], Texts(await poll));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?frames=1")]
    [InlineData("?before=5k2j9:42")]
    public async Task A_response_is_for_its_client_only(string query)
    {
        await using var server = await StartAsync(new Script());

        using var response = await PollAsync(server, Room + query);

        Assert.True(response.Headers.CacheControl is { Private: true, NoCache: true });
    }

    [Fact]
    public async Task The_position_of_an_empty_room_misses_nothing()
    {
        await using var server = await StartAsync(Script.Broadcasting, static options => options.HistoryCapacity = 2);
        var first = await JsonAsync(server, Room);
        await SayAsync(server, "1", "2", "3");

        var second = await JsonAsync(server, $"{Room}?after={Position(first)}");

        Assert.Equal(["2", "3"], Texts(second));
        Assert.Equal(1, second.GetProperty("gap").GetProperty("missed").GetInt32());
    }

    [Fact]
    public async Task A_poll_without_history_waits_for_a_message()
    {
        await using var server = await StartAsync(Script.Broadcasting, static options => options.HistoryCapacity = 0);
        var poll = JsonAsync(server, $"{Room}?wait=60");
        await MembersAsync(server, 1);

        await Patience.UntilAsync(
            async () =>
            {
                await SayAsync(server, "1");
                return poll.IsCompleted;
            },
            "the poll ends");

        Assert.Equal(["1"], Texts(await poll));
    }

    [Fact]
    public async Task A_response_that_has_no_space_for_all_says_that_there_is_more()
    {
        await using var server = await StartAsync(Script.Broadcasting, static options => options.OutboundQueueLimit = 1024);
        await SayAsync(server, [.. Enumerable.Range(1, 9).Select(static n => $"{n}{new string('x', 500)}")]);
        List<string?> texts = [];
        var polls = 0;
        var after = "";
        JsonElement room;
        do
        {
            room = await JsonAsync(server, Room + after);
            after = $"?after={Position(room)}";
            texts.AddRange(Texts(room));
            polls++;
        }
        while (room.TryGetProperty("more", out _));

        Assert.Equal(Enumerable.Range(1, 9).Select(static n => $"{n}"), texts.Select(static text => text![..1]));
        Assert.InRange(polls, 2, 9);
    }

    [Fact]
    public async Task A_store_that_is_unavailable_is_answered_with_503()
    {
        await using var server = await StartAsync(
            Script.Broadcasting, build: static services => services.AddSingleton<IMessageHistory>(new TableHistory { Down = true }));

        using var response = await PollAsync(server, $"{Room}?wait=60").Soon();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Fact]
    public async Task A_long_poll_is_not_idle()
    {
        await using var server = await StartAsync(new Script(), static options => options.IdleTimeout = TimeSpan.FromSeconds(1));

        await JsonAsync(server, $"{Room}?wait=2");
    }

    [Fact]
    public async Task A_poll_sends_no_positions_later()
    {
        await using var server = await StartAsync(new Script());

        await JsonAsync(server, $"{Room}?resume=frame");
    }

    [Fact]
    public async Task A_request_that_its_client_has_ended_before_the_connection_begins_ends_at_once()
    {
        var answered = new TaskCompletionSource();
        await using var server = await ChatServer.StartAsync(
            app =>
            {
                app.Use(async (context, next) =>
                {
                    context.RequestAborted = new CancellationToken(canceled: true);
                    await next(context);
                    answered.SetResult();
                });
                app.MapWebSocketHandler<ChatRoom>("/chat/{room}", static options => options.Transports = ChatTransports.All);
            },
            static builder => builder.Services.AddSingleton<TimeProvider>(new StoppedClock()));

        _ = await Record.ExceptionAsync(() => PollAsync(server, $"{Room}?wait=60"));

        await answered.Task.Soon();
    }

    [Fact]
    public async Task A_long_poll_is_woken_by_a_message()
    {
        var script = Script.Broadcasting;
        await using var server = await StartAsync(script);
        await SayAsync(server, "1");
        var first = await JsonAsync(server, Room);
        using var tagged = await PollAsync(server, Room);

        var polls = new[]
        {
            PollAsync(server, $"{Room}?wait=60&after={Position(first)}"),
            PollAsync(server, $"{Room}?wait=60", ("If-None-Match", tagged.Headers.ETag!.Tag)),
        };
        await MembersAsync(server, 2);
        Assert.All(polls, static poll => Assert.False(poll.IsCompleted));
        await SayAsync(server, "2");

        Assert.Equal(["2"], Texts(await JsonAsync(await polls[0].Soon())));
        Assert.Equal(["1", "2"], Texts(await JsonAsync(await polls[1].Soon())));
    }

    [Fact]
    public async Task A_long_poll_that_nothing_wakes_ends_without_news()
    {
        await using var server = await StartAsync(Script.Broadcasting);
        await SayAsync(server, "1");
        using var first = await PollAsync(server, Room);
        var position = Position(await JsonAsync(first));

        using var tagged = await PollAsync(server, $"{Room}?wait=1", ("If-None-Match", first.Headers.ETag!.Tag));
        var empty = await JsonAsync(server, $"{Room}?wait=1&after={position}");

        Assert.Equal(HttpStatusCode.NotModified, tagged.StatusCode);
        Assert.Empty(Texts(empty));
    }

    [Fact]
    public async Task Many_long_polls_are_woken_by_one_message_without_reading_the_history()
    {
        const int Polls = 500;
        var history = new CountingHistory();
        await using var server = await StartAsync(Script.Broadcasting, build: services => services.AddSingleton<IMessageHistory>(history));
        await SayAsync(server, "1");
        var position = Position(await JsonAsync(server, Room));
        await using var member = await EventStream.OpenAsync(server, Room);
        await member.FrameAsync("live");
        var reads = history.Reads;

        var polls = Enumerable.Range(0, Polls).Select(_ => JsonAsync(server, $"{Room}?wait=60&after={position}")).ToArray();
        await MembersAsync(server, Polls + 1);
        await SayAsync(server, "2");

        Assert.All(await Task.WhenAll(polls).Soon(), static room => Assert.Equal(["2"], Texts(room)));
        Assert.InRange(history.Reads - reads, 0, 10);
    }

    [Fact]
    public async Task A_poll_of_the_protocol_has_all_frames_of_all_rooms()
    {
        await using var server = await StartAsync(Script.Broadcasting, static options => options.AllowClientJoins = true);
        await SayAsync(server, "1");
        await SayAsync(server, """{"room":"kitchen","data":"2"}""");

        var frames = (await JsonAsync(server, $"{Room}?frames=1&join=kitchen")).GetProperty("frames").EnumerateArray().ToArray();

        Assert.Equal("welcome", frames[0].GetProperty("type").GetString());
        Assert.Equal(["1", "2"], frames.Where(static frame => frame.TryGetProperty("data", out _)).Select(static frame => frame.GetProperty("data").GetString()));
        Assert.Equal(["lobby", "kitchen"], frames.Where(static f => f.GetProperty("type").ValueEquals("live")).Select(static f => f.GetProperty("room").GetString()));
    }

    [Fact]
    public async Task A_room_that_may_not_be_joined_is_an_error_among_the_frames()
    {
        var script = new Script { Authorize = static room => room != "secret" };
        await using var server = await StartAsync(script, static options => options.AllowClientJoins = true);

        var frames = (await JsonAsync(server, $"{Room}?frames=1&join=secret")).GetProperty("frames").EnumerateArray();

        var error = Assert.Single(frames, static frame => frame.GetProperty("type").ValueEquals("error"));
        Assert.Equal(("forbidden", "join-0"), (error.GetProperty("code").GetString(), error.GetProperty("ref").GetString()));
    }

    [Fact]
    public async Task A_room_that_is_denied_is_answered_with_403()
    {
        await using var server = await StartAsync(new Script { Authorize = static _ => false });

        using var response = await PollAsync(server, Room);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
        Assert.Equal((1008, "not allowed in this room"), await ProblemAsync(response));
    }

    [Fact]
    public async Task A_handler_that_fails_is_answered_with_500()
    {
        await using var server = await StartAsync(new Script { Open = static _ => throw new InvalidOperationException("secret") });

        using var response = await PollAsync(server, Room);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal((1011, "the handler failed"), await ProblemAsync(response));
    }

    [Fact]
    public async Task A_long_poll_ends_when_the_host_stops()
    {
        await using var server = await StartAsync(new Script());
        var poll = PollAsync(server, $"{Room}?wait=60");
        await MembersAsync(server, 1);

        await server.StopAsync();

        using var response = await poll.Soon();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Fact]
    public async Task Who_polls_is_not_present()
    {
        await using var server = await StartAsync(
            new Script { Open = static connection => connection.SetPresenceAsync("Ann", JsonStrings.Default.String) },
            static options => options.TrackPresence = true);
        await using var stream = await EventStream.OpenAsync(server, Room);
        await stream.FrameAsync("presence");

        await JsonAsync(server, $"{Room}?wait=1");
        await SayAsync(server, """{"type":"message","data":"x"}""");

        var members = await server.Services.GetRequiredService<IRoomPresence>().ListAsync("lobby", TestContext.Current.CancellationToken);
        Assert.Single(members);
    }

    [Theory]
    [InlineData("?after=17")]
    [InlineData("?before=17")]
    [InlineData("?limit=0")]
    [InlineData("?limit=1001")]
    [InlineData("?wait=61")]
    [InlineData("?wait=-1")]
    [InlineData("?frames=1&join=%01")]
    public async Task A_wrong_query_is_answered_with_400(string query)
    {
        await using var server = await StartAsync(new Script());

        using var response = await PollAsync(server, Room + query);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private static async Task SayAsync(ChatServer server, params string[] texts)
    {
        foreach (var text in texts)
        {
            var body = text.StartsWith('{') ? text : $$"""{"data":"{{text}}"}""";
            (await EventStream.PostAsync(server, Room, body)).EnsureSuccessStatusCode();
        }
    }

    /// <summary>Waits until so many connections are open.</summary>
    private static Task MembersAsync(ChatServer server, int count) => Patience.UntilAsync(
        () => server.Logs.Entries.Count(static line => line.Id == 100) - server.Logs.Entries.Count(static line => line.Id == 101) == count,
        "the polls wait");

    private static Task<HttpResponseMessage> PollAsync(ChatServer server, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task<JsonElement> JsonAsync(ChatServer server, string path)
    {
        using var response = await PollAsync(server, path);
        return await JsonAsync(response);
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        JsonElement.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

    private static async Task<(int Code, string? Detail)> ProblemAsync(HttpResponseMessage response)
    {
        var problem = JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (problem.GetProperty("closeCode").GetInt32(), problem.GetProperty("detail").GetString());
    }

    private static string?[] Texts(JsonElement room) =>
        [.. room.GetProperty("messages").EnumerateArray().Select(static message => message.GetProperty("data").GetString())];

    private static string Position(JsonElement room) => Uri.EscapeDataString(room.GetProperty("position").GetString()!);
}

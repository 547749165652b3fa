using System.Text.Json;
using ChatKit.Client.Tests.Fixtures;

namespace ChatKit.Client.Tests;

public sealed class RoomsTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task The_client_joins_its_rooms_again_on_each_connection_and_resumes_there()
    {
        await using var client = Clients.Start(_server.Address);
        var joining = client.JoinAsync("team");
        var first = await _server.WelcomeAsync();
        await AcknowledgeJoinAsync(first, null);
        var room = await joining.Soon();
        await using var events = room.Read();
        await first.SendMessageAsync("t:4", "four", "team");
        await first.SendMessageAsync("e:1", "at home");
        await first.SendMessageAsync("t:5", "five", "team");
        Assert.Equal(["t:4 four", "t:5 five"], await events.SeeAsync(2));
        Assert.Equal(("team", "t:5", "e:1"), (room.Name, room.Position.ToString(), client.Position.ToString()));
        Assert.Same(room, await client.JoinAsync("team").Soon());
        first.Abort();

        var second = await _server.WelcomeAsync();
        Assert.Equal(["lobby~e:1"], second.After);
        await AcknowledgeJoinAsync(second, "t:5");
        await second.SendMessageAsync("t:6", "six", "team");

        Assert.Equal(["t:6 six"], await events.SeeAsync(1));
    }

    [Fact]
    public async Task A_refused_join_fails_is_reported_and_not_tried_again()
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        var joining = client.JoinAsync("team");
        var first = await _server.WelcomeAsync();
        await first.SendErrorAsync(await first.ReceiveAsync("join"), "forbidden");

        Assert.Equal("forbidden", (await joining.FailsAsync()).Code);
        Assert.Equal(("team", "forbidden"), await events.NextAsync<ErrorReceived>() is var error ? (error.Room, error.Code) : default);
        first.Abort();

        var second = await _server.WelcomeAsync();
        _ = client.SendAsync("hi");
        await second.ReceiveAsync("message", "hi");
    }

    [Fact]
    public async Task A_join_that_the_store_could_not_answer_is_tried_again()
    {
        await using var client = Clients.Start(_server.Address);
        var joining = client.JoinAsync("team");
        var connection = await _server.WelcomeAsync();
        await connection.SendErrorAsync(await connection.ReceiveAsync("join"), "unavailable");

        await AcknowledgeJoinAsync(connection, null);

        Assert.Equal("team", (await joining.Soon()).Name);
    }

    [Fact]
    public async Task After_it_has_left_a_room_the_client_reports_nothing_of_it_and_forgets_its_position()
    {
        await using var client = Clients.Start(_server.Address);
        await using var all = client.Read();
        var joining = client.JoinAsync("team");
        var first = await _server.WelcomeAsync();
        await AcknowledgeJoinAsync(first, null);
        var room = await joining.Soon();
        await using var events = room.Read();
        await first.SendMessageAsync("t:4", "four", "team");
        Assert.Equal(["t:4 four"], await events.SeeAsync(1));

        var leaving = room.LeaveAsync();
        var leave = await first.ReceiveAsync("leave");
        await first.SendMessageAsync("t:5", "five", "team");
        Assert.False(leaving.IsCompleted);
        await first.SendAsync($$"""{"type":"ack","ref":"{{leave}}","room":"team"}""");
        await leaving.Soon();
        await first.SendMessageAsync("e:1", "one");

        Assert.Null(await events.NextAsync());
        Assert.Equal(["t:4 four", "e:1 one"], await all.SeeAsync(2));
        Assert.Equal("not_joined", (await room.SendAsync("late").FailsAsync()).Code);
        first.Abort();
        Assert.Equal(["lobby~e:1"], (await _server.WelcomeAsync()).After);
        Assert.NotSame(room, client.JoinAsync("team"));
    }

    [Fact]
    public async Task A_client_that_is_taken_out_of_a_room_does_not_join_it_again()
    {
        await using var client = Clients.Start(_server.Address);
        await using var all = client.Read();
        var joining = client.JoinAsync("team");
        var first = await _server.WelcomeAsync();
        await AcknowledgeJoinAsync(first, null);
        var room = await joining.Soon();
        await using var events = room.Read();

        await first.SendAsync("""{"type":"left","room":"team","reason":"The team was closed."}""");

        Assert.Equal("The team was closed.", (await events.NextAsync<RoomLeft>()).Reason);
        Assert.Null(await events.NextAsync());
        Assert.Equal("team", (await all.NextAsync<RoomLeft>()).Room);
        Assert.Equal("not_joined", (await room.SendAsync("late").FailsAsync()).Code);
        first.Abort();
        var second = await _server.WelcomeAsync();
        _ = client.SendAsync("hi");
        await second.ReceiveAsync("message", "hi");
    }

    [Fact]
    public async Task Messages_to_a_room_are_sent_just_after_its_join_and_name_it()
    {
        await using var client = Clients.Start(_server.Address);
        var joining = client.JoinAsync("team");
        var first = await _server.WelcomeAsync();
        await AcknowledgeJoinAsync(first, null);
        var room = await joining.Soon();
        var sending = room.SendAsync("hi");
        var frame = await first.ReceiveAsync();
        Assert.Equal(("message", "team"), (frame.GetProperty("type").GetString(), frame.GetProperty("room").GetString()));
        Assert.Equal("team", Assert.Single(room.GetPending()).Room);
        first.Abort();

        var second = await _server.WelcomeAsync();
        await AcknowledgeJoinAsync(second, null);
        var again = await second.ReceiveAsync("message", "hi");

        Assert.Equal(frame.GetProperty("ref").GetString(), again);
        await second.SendAckAsync(again, "t:1");
        Assert.Equal("t:1", (await sending.Soon()).ToString());
    }

    [Fact]
    public async Task Older_messages_continue_where_the_previous_ones_ended()
    {
        await using var client = Clients.Start(_server.Address);
        Assert.Equal(ChatErrorCodes.Closed, (await client.GetOlderAsync().FailsAsync()).Code);
        var connection = await _server.WelcomeAsync();
        await connection.SendMessageAsync("e:7", "seven");
        await connection.SendLiveAsync("e:7");
        await client.ConnectAsync().Soon();
        var first = client.GetOlderAsync(2);
        var second = client.GetOlderAsync(2);

        const string Two =
            """{"position":"e:5","at":"2026-11-22T18:00:00Z","data":"five"},{"position":"e:6","at":"2026-11-22T18:00:00Z","deleted":true}""";
        await AnswerHistoryAsync(connection, "e:7", Two, true);
        await AnswerHistoryAsync(connection, "e:5", """{"position":"e:4","from":"ann","at":"2026-11-22T18:00:00Z","data":"four"}""", false);

        var (messages, more) = await first.Soon();
        Assert.Equal(["e:5", "e:6"], messages.Select(static message => message.Position.ToString()));
        Assert.True(more && messages[1].IsDeleted && !messages[0].IsLive);
        var oldest = Assert.Single((await second.Soon()).Messages);
        Assert.Equal(("lobby", "ann", "four"), (oldest.Room, oldest.From, oldest.Text));
        var lost = client.GetOlderAsync();
        await connection.ReceiveAsync("history");
        connection.Abort();
        Assert.Equal(ChatErrorCodes.Closed, (await lost.FailsAsync()).Code);
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = client.GetOlderAsync(0); });
    }

    [Fact]
    public async Task Positions_of_options_and_of_the_address_are_where_the_client_starts()
    {
        await using var client = Clients.Start(
            new Uri($"{_server.Address}?after=a%26b~t:3%2F7&x=1"), static options => options.After["lobby"] = MessagePosition.Parse("e:42"));

        Assert.Equal(["a&b~t:3/7", "lobby~e:42"], (await _server.AcceptAsync()).After);
        Assert.Throws<ArgumentException>(() => new ChatClient(new Uri("http://a/?after=lobby~nothing")));
    }

    [Fact]
    public async Task Positions_that_do_not_fit_into_the_address_are_sent_in_frames()
    {
        await using var client = Clients.Start(_server.Address, static options =>
        {
            for (var i = 0; i < 200; i++)
                options.After[$"a room with a long name {i}"] = MessagePosition.Parse("e:42");
        });

        var connection = await _server.WelcomeAsync();
        var named = connection.After.Length;
        Assert.InRange(named, 1, 199);
        while (await connection.ReceiveAsync() is var frame && !frame.TryGetProperty("last", out _))
        {
            Assert.InRange(frame.GetRawText().Length, 1, 1024);
            named += frame.GetProperty("after").EnumerateObject().Count();
        }

        Assert.Equal(200, named);
    }

    private static async Task AcknowledgeJoinAsync(ScriptedConnection connection, string? after)
    {
        var join = await connection.ReceiveAsync();
        Assert.Equal(("join", "team"), (join.GetProperty("type").GetString(), join.GetProperty("room").GetString()));
        Assert.Equal(after, join.TryGetProperty("after", out var position) ? position.GetString() : null);
        await connection.SendAsync($$"""{"type":"ack","ref":"{{join.GetProperty("ref").GetString()}}","room":"team"}""");
    }

    private static async Task AnswerHistoryAsync(ScriptedConnection connection, string before, string messages, bool more)
    {
        JsonElement request = await connection.ReceiveAsync();
        Assert.Equal((before, 2), (request.GetProperty("before").GetString(), request.GetProperty("limit").GetInt32()));
        var (reference, isMore) = (request.GetProperty("ref").GetString(), more ? "true" : "false");
        await connection.SendAsync($$"""{"type":"history","ref":"{{reference}}","room":"lobby","messages":[{{messages}}],"more":{{isMore}}}""");
    }
}

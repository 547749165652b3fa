using System.Text.Json.Nodes;
using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Connections;

/// <summary>Clients whose positions do not fit into the handshake.</summary>
public class ResumeFrameTests
{
    private const string Last = """{"type":"resume","last":true}""";

    private static readonly string[] Rooms = ["lobby", "a", "b", "c"];

    private static ScriptedHandler JoinsAll => new()
    {
        Open = static async handler =>
        {
            foreach (var room in Rooms[1..])
                await handler.Join(room);
        },
    };

    [Fact]
    public async Task Positions_apply_to_the_home_room_and_to_rooms_joined_in_OnOpenAsync()
    {
        await using var host = new ChatHost();
        var known = await FillAsync(host);
        var connection = await ConnectAsync(host);

        await connection.Client.SendAsync(Resume(known.Take(2)));
        await connection.Client.SendAsync(Resume(known.Skip(2), last: true));

        Assert.Equal(Rooms.Select(static room => $"{room}: new").Order(), await MessagesAsync(connection));
    }

    [Fact]
    public async Task The_handler_is_not_opened_before_the_last_resume_frame()
    {
        await using var host = new ChatHost();
        var known = await FillAsync(host);
        var connection = await ConnectAsync(host, buffer: 1);
        await connection.Client.SendAsync(Resume(known));

        // Sending ends when the server reads, and it reads when it has dealt with what came before.
        for (var i = 0; i < 3; i++)
            await connection.Client.SendAsync("""{"type":"pong"}""");
        Assert.Empty(connection.Handler.Calls);
        await connection.Client.SendAsync(Last);

        Assert.Equal(Rooms.Select(static room => $"{room}: new").Order(), await MessagesAsync(connection));
    }

    [Theory]
    [InlineData("""{"type":"message","ref":"a-1","data":"hi"}""")]
    [InlineData("hello")]
    [InlineData("""{"type":"resume","after":5}""")]
    [InlineData("""{"type":"resume","after":{"lobby":"nowhere"},"last":true}""")]
    public async Task Any_other_frame_ends_the_wait_for_resume_frames(string frame)
    {
        await using var host = new ChatHost();
        var known = await FillAsync(host);
        var connection = await ConnectAsync(host);
        await connection.Client.SendAsync(Resume(known));

        await connection.Client.SendAsync(frame);

        Assert.Equal(Rooms.Select(static room => $"{room}: new").Order(), await MessagesAsync(connection));
    }

    [Fact]
    public async Task The_server_waits_10_seconds_for_a_client_that_sends_nothing()
    {
        await using var host = new ChatHost();
        await FillAsync(host);
        var start = host.Clock.GetUtcNow();
        var connection = await ConnectAsync(host);

        await Patience.UntilAsync(
            () =>
            {
                if (connection.Handler.Calls.IsEmpty)
                    host.Clock.Advance(TimeSpan.FromSeconds(0.5));
                return !connection.Handler.Calls.IsEmpty;
            },
            "the handler is opened");

        Assert.InRange(host.Clock.GetUtcNow() - start, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(15));
        Assert.Equal(2 * Rooms.Length, (await MessagesAsync(connection)).Count);
    }

    [Fact]
    public async Task The_server_does_not_wait_for_a_client_that_disconnects()
    {
        await using var host = new ChatHost();
        var connection = await ConnectAsync(host);

        connection.Client.Disconnect();

        await connection.Ended.Soon();
        Assert.Equal(CloseInfo.Abnormal, (await connection.Handler.Closed.Soon()).Code);
    }

    [Fact]
    public async Task A_connection_that_the_server_closes_during_the_wait_is_not_opened()
    {
        await using var host = new ChatHost();
        var connection = await ConnectAsync(host);

        var stopping = host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1012, (await connection.Client.ReceiveAndAnswerCloseAsync()).Code);
        await stopping.Soon();
        await connection.Ended.Soon();
        Assert.Empty(connection.Handler.Calls);
    }

    [Fact]
    public async Task Exceeding_the_rate_limit_ends_the_wait()
    {
        await using var host = new ChatHost();
        var connection = await ConnectAsync(host, options: new() { MaxMessagesPerSecond = 1, MaxMessageBurst = 1 });

        for (var i = 0; i < 32 * 2; i++)
            await connection.Client.SendAsync("""{"type":"resume"}""");

        Assert.Equal((1008, "too many messages"), await connection.Client.ReceiveAndAnswerCloseAsync());
    }

    [Fact]
    public async Task Without_resumes_by_frame_in_the_handshake_positions_apply_to_rooms_joined_later()
    {
        await using var host = new ChatHost();
        var known = await FillAsync(host);
        var (connection, _) = await host.EnterV1Async(new() { Message = static (handler, message) => handler.Join(message.Text) });

        await connection.Client.SendAsync(Resume(known));
        await connection.Client.SendAsync("""{"type":"message","data":"a"}""");
        var first = await connection.Client.ReceiveJsonUntilAsync("live");
        await connection.Handler.Leave("a");
        await connection.Client.SendAsync("""{"type":"message","data":"a"}""");
        var second = await connection.Client.ReceiveJsonUntilAsync("live");

        Assert.Equal(["new", "live"], first.Shorten());
        Assert.True((bool?)first[^1]["recovered"]);
        Assert.Equal(["old", "new", "live"], second.Shorten());
    }

    [Fact]
    public async Task The_number_of_positions_kept_is_limited_by_MaxRoomsPerConnection()
    {
        await using var host = new ChatHost(static options => options.MaxRoomsPerConnection = 4);
        var known = await FillAsync(host);
        var connection = await ConnectAsync(host);
        await connection.Client.SendAsync(Resume(known.Take(3)));
        await connection.Client.SendAsync(Resume([KeyValuePair.Create("x", known["a"])]));

        await connection.Client.SendAsync(Resume(known.TakeLast(1), last: true));

        Assert.Equal(["a: new", "b: new", "c: new", "c: old", "lobby: new"], await MessagesAsync(connection));
    }

    [Theory]
    [InlineData("""{"type":"resume","after":{"lobby":5}}""")]
    [InlineData("""{"type":"resume","after":{"lobby":null}}""")]
    [InlineData("""{"type":"resume","after":{"lobby":"5k2j9"}}""")]
    [InlineData("""{"type":"resume","after":{"":"5k2j9:42"}}""")]
    [InlineData("""{"type":"resume","after":{"lob\u0001by":"5k2j9:42"}}""")]
    [InlineData("""{"type":"resume","after":["lobby~5k2j9:42"]}""")]
    [InlineData("""{"type":"resume","last":"yes"}""")]
    public async Task A_malformed_resume_frame_is_answered_with_an_error(string frame)
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async();

        await connection.Client.SendAsync(frame);

        var error = await connection.Client.ReceiveJsonAsync();
        Assert.Equal(("error", "malformed"), ((string?)error["type"], (string?)error["code"]));
        Assert.NotEmpty((string)error["text"]!);
    }

    [Fact]
    public async Task A_position_that_is_too_long_is_rejected()
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async();

        await connection.Client.SendAsync(Resume([KeyValuePair.Create("lobby", new MessagePosition(new string('e', 253), 1))]));
        await connection.Client.SendAsync(Resume([KeyValuePair.Create("lobby", new MessagePosition(new string('e', 254), 1))]));
        await connection.WaitUntilEnteredV1Async();
        await connection.Handler.Send("end");

        Assert.Equal(["error", "end"], (await connection.Client.ReceiveJsonAsync(2)).Shorten());
    }

    /// <summary>Stores two messages in each room. Returns the positions of the first ones.</summary>
    private static async Task<Dictionary<string, MessagePosition>> FillAsync(ChatHost host)
    {
        var known = new Dictionary<string, MessagePosition>();
        foreach (var room in Rooms)
        {
            await host.Broadcaster.BroadcastAsync(room, "old");
            known[room] = (await host.History.ReadAsync(room, null, TestContext.Current.CancellationToken)).Top;
            await host.Broadcaster.BroadcastAsync(room, "new");
        }

        return known;
    }

    private static async Task<ChatConnection> ConnectAsync(ChatHost host, WebSocketConnectionOptions? options = null, int buffer = 64 * 1024)
    {
        WebSocketConnectionInfo Info(Action abort) => new()
        {
            Room = "lobby",
            Abort = abort,
            Subprotocol = ChatKitSubprotocol.V1,
            ResumesByFrame = true,
        };
        var connection = host.Connect("lobby", JoinsAll, options, Info, buffer);
        Assert.Equal("welcome", (string?)(await connection.Client.ReceiveJsonAsync())["type"]);
        return connection;
    }

    private static string Resume(IEnumerable<KeyValuePair<string, MessagePosition>> after, bool last = false)
    {
        var positions = new JsonObject();
        foreach (var (room, position) in after)
            positions[room] = position.ToString();
        return new JsonObject { ["type"] = "resume", ["after"] = positions, ["last"] = last }.ToJsonString();
    }

    /// <summary>What the client is given until it is live in all rooms.</summary>
    private static async Task<List<string>> MessagesAsync(ChatConnection connection)
    {
        List<string> messages = [];
        for (var live = 0; live < Rooms.Length;)
        {
            var frame = await connection.Client.ReceiveJsonAsync();
            if ((string?)frame["type"] == "message")
                messages.Add($"{frame["room"]}: {frame["data"]}");
            live += (string?)frame["type"] == "live" ? 1 : 0;
        }

        messages.Sort(StringComparer.Ordinal);
        return messages;
    }
}

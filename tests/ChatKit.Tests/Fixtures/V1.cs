using System.Text.Json.Nodes;

namespace ChatKit.Tests.Fixtures;

/// <summary>Clients that speak <see cref="ChatKitSubprotocol.V1"/>.</summary>
internal static class V1
{
    /// <summary>Of an endpoint that tracks presence. Without pings: tests of presence let hours pass.</summary>
    public static readonly WebSocketConnectionOptions Tracking = new() { TrackPresence = true, PingInterval = Timeout.InfiniteTimeSpan };

    /// <summary>A client connects, and has got its welcome.</summary>
    public static async Task<ChatConnection> ConnectV1Async(
        this ChatHost host,
        ScriptedHandler? handler = null,
        string room = "lobby",
        IReadOnlyDictionary<string, MessagePosition>? after = null,
        WebSocketConnectionOptions? options = null,
        int buffer = 64 * 1024)
    {
        var connection = host.Connect(room, handler, options, abort => Info(room, abort, after), buffer);
        Assert.Equal("welcome", (string?)(await connection.Client.ReceiveJsonAsync())["type"]);
        return connection;
    }

    /// <summary>A client connects, and is live in its home room. Returns what it has got until then, <c>live</c> included.</summary>
    public static async Task<(ChatConnection Connection, List<JsonObject> Frames)> EnterV1Async(
        this ChatHost host,
        ScriptedHandler? handler = null,
        string room = "lobby",
        MessagePosition? after = null,
        WebSocketConnectionOptions? options = null)
    {
        var known = new Dictionary<string, MessagePosition>();
        if (after is { } position)
            known.Add(room, position);
        var connection = await host.ConnectV1Async(handler, room, known, options);
        return (connection, await connection.Client.ReceiveJsonUntilAsync("live"));
    }

    /// <summary>A client of a user connects through an endpoint that tracks presence, and is live.</summary>
    public static async Task<ChatConnection> EnterTrackedAsync(
        this ChatHost host, string user, string room = "lobby", ScriptedHandler? handler = null)
    {
        handler ??= new ScriptedHandler();
        var connection = host.Connect(room, handler, Tracking, abort => new()
        {
            Room = room,
            Abort = abort,
            Subprotocol = ChatKitSubprotocol.V1,
            User = Users.Named(user),
        });
        await connection.Client.ReceiveJsonUntilAsync("live");
        return connection;
    }

    /// <summary>A client of a user connects, or an anonymous one, and is live. Returns what it has got until then, <c>live</c> included.</summary>
    public static async Task<(ChatConnection Connection, List<JsonObject> Frames)> EnterAsAsync(
        this ChatHost host, string? user, WebSocketConnectionOptions options, string room = "lobby")
    {
        var connection = host.Connect(room, new ScriptedHandler(), options, abort => new()
        {
            Room = room,
            Abort = abort,
            Subprotocol = ChatKitSubprotocol.V1,
            User = user is null ? null! : Users.Named(user),
        });
        Assert.Equal("welcome", (string?)(await connection.Client.ReceiveJsonAsync())["type"]);
        return (connection, await connection.Client.ReceiveJsonUntilAsync("live"));
    }

    /// <summary>What the next frame, which is of presence, says in short: <c>here anna bob</c>, for one.</summary>
    public static async Task<string> ReceivePresenceAsync(this ChatConnection connection)
    {
        var frame = await connection.Client.ReceiveJsonAsync();
        Assert.Equal(("presence", "lobby"), ((string?)frame["type"], (string?)frame["room"]));
        var (change, members) = Assert.Single(frame, static member => member.Value is JsonArray);
        return string.Join(' ', members!.AsArray().Select(static member => (string?)member).Order().Prepend(change));
    }

    /// <summary>Waits until the connection is in its home room: only then is a message handled.</summary>
    public static async Task WaitUntilEnteredV1Async(this ChatConnection connection)
    {
        await connection.Client.SendAsync("""{"type":"message","data":"knock"}""");
        await connection.WaitUntilHandledAsync("knock");
    }

    public static async Task<JsonObject> ReceiveJsonAsync(this TestClient client) =>
        Assert.IsType<JsonObject>(JsonNode.Parse(await client.ReceiveTextAsync()));

    public static async Task<List<JsonObject>> ReceiveJsonAsync(this TestClient client, int count)
    {
        List<JsonObject> frames = [];
        while (frames.Count < count)
            frames.Add(await client.ReceiveJsonAsync());
        return frames;
    }

    /// <summary>Receives up to a frame of some type, that one included.</summary>
    public static async Task<List<JsonObject>> ReceiveJsonUntilAsync(this TestClient client, string type)
    {
        List<JsonObject> frames = [];
        do
        {
            frames.Add(await client.ReceiveJsonAsync());
        }
        while ((string?)frames[^1]["type"] != type);
        return frames;
    }

    /// <summary>What was received, short enough to compare: the types, and of messages the texts.</summary>
    public static IEnumerable<string?> Shorten(this IEnumerable<JsonObject> frames) =>
        frames.Select(static frame => (string?)frame["type"] == "message" ? (string?)frame["data"] : (string?)frame["type"]);

    private static WebSocketConnectionInfo Info(string room, Action abort, IReadOnlyDictionary<string, MessagePosition>? after) => new()
    {
        Room = room,
        Abort = abort,
        Subprotocol = ChatKitSubprotocol.V1,
        ResumeAfter = after ?? new Dictionary<string, MessagePosition>(),
    };
}

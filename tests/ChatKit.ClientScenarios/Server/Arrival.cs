using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ChatKit.ClientScenarios.Server;

/// <summary>How a request wants to reach the room.</summary>
internal enum Way
{
    WebSocket,
    EventStream,
    Poll,
    Post,
}

/// <summary>A request of the client, which the scenario answers.</summary>
internal sealed class Arrival
{
    private readonly HttpContext _context;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The request can't end while this is held, so the context can be used.</summary>
    private readonly Lock _gate = new();

    // The context doesn't outlive the request.
    private readonly QueryCollection _query;
    private readonly HeaderDictionary _headers;

    public Arrival(HttpContext context, string body)
    {
        (_context, Body) = (context, body);
        _query = new QueryCollection(context.Request.Query.ToDictionary());
        _headers = new HeaderDictionary(context.Request.Headers.ToDictionary());
        Offered = [.. context.WebSockets.WebSocketRequestedProtocols];
        Way = context.WebSockets.IsWebSocketRequest ? Way.WebSocket
            : HttpMethods.IsPost(context.Request.Method) ? Way.Post
            : context.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.Ordinal) ? Way.EventStream
            : Way.Poll;
        context.RequestAborted.Register(End);
    }

    /// <summary>When it has arrived.</summary>
    public long Timestamp { get; } = Stopwatch.GetTimestamp();

    public Way Way { get; }

    /// <summary>The subprotocols that the client offers.</summary>
    public IReadOnlyList<string> Offered { get; }

    /// <summary>The positions from which the client resumes.</summary>
    public string[] After => [.. Query("after").Order()];

    /// <summary>The ids of earlier connections.</summary>
    public string[] Former => Query("connection");

    /// <summary>The body of a POST.</summary>
    public string Body { get; }

    /// <summary>The frames of a POST.</summary>
    public JsonElement[] Posted
    {
        get
        {
            var body = JsonElement.Parse(Body);
            return body.ValueKind == JsonValueKind.Array ? [.. body.EnumerateArray()] : [body];
        }
    }

    /// <summary>Ends when the request is answered, or is aborted.</summary>
    public Task Done => _done.Task;

    public string[] Query(string name) => [.. _query[name].OfType<string>()];

    public string? Header(string name) => _headers[name];

    public override string ToString() => $"{Way} {QueryText()} {Body}".TrimEnd();

    /// <summary>Accepts a handshake.</summary>
    /// <param name="subprotocol">The subprotocol that the response selects; null for none.</param>
    public async Task<ServerConnection> AcceptAsync(string? subprotocol = "chatkit.v1")
    {
        Assert.Equal(Way.WebSocket, Way);
        var socket = await _context.WebSockets.AcceptWebSocketAsync(subprotocol).InTime("the client waits for its handshake");
        var connection = new ServerConnection(this, socket);
        _ = connection.ReadAsync().ContinueWith(
            _ =>
            {
                socket.Dispose();
                End();
            },
            TaskScheduler.Default);
        return connection;
    }

    /// <summary>Answers with a status and, perhaps, a body.</summary>
    public async Task AnswerAsync(int status, string? body = null, string type = "application/json", string? retryAfter = null)
    {
        _context.Response.StatusCode = status;
        if (retryAfter is not null)
            _context.Response.Headers.RetryAfter = retryAfter;
        if (body is not null)
        {
            _context.Response.ContentType = type;
            await _context.Response.WriteAsync(body).InTime("the client reads the response");
        }

        End();
    }

    /// <summary>Answers a poll with the frames that follow <c>welcome</c>.</summary>
    public Task AnswerPollAsync(params string[] frames) =>
        AnswerAsync(200, $$"""{"frames":[{{string.Join(',', frames.Prepend(Frames.Welcome("p")))}}]}""");

    /// <summary>Opens an event stream, up to <c>welcome</c>.</summary>
    public async Task OpenStreamAsync(string token = "proof", double ping = 20, int limit = 65_536)
    {
        Assert.Equal(Way.EventStream, Way);
        _context.Response.ContentType = "text/event-stream";
        await SendAsync(Frames.Welcome("s", ping: ping, limit: limit, token: token));
    }

    /// <summary>Sends a frame as an event.</summary>
    public Task SendAsync(string frame) => WriteAsync($"data: {frame}\n\n");

    /// <summary>Writes to an event stream.</summary>
    public async Task WriteAsync(string text)
    {
        await _context.Response.WriteAsync(text).InTime("the client reads");
        await _context.Response.Body.FlushAsync().InTime("the client reads");
    }

    /// <summary>Ends an event stream with a close event.</summary>
    public async Task CloseStreamAsync(int code)
    {
        await WriteAsync($"event: close\ndata: {{\"code\":{code},\"reason\":\"why\"}}\n\n");
        End();
    }

    /// <summary>Breaks the connection.</summary>
    public void Abort()
    {
        lock (_gate)
        {
            if (!_done.Task.IsCompleted)
                _context.Abort();
            End();
        }
    }

    private void End()
    {
        lock (_gate)
            _done.TrySetResult();
    }

    private string QueryText() => string.Join('&', _query.SelectMany(static pair => pair.Value.Select(value => $"{pair.Key}={value}")));
}

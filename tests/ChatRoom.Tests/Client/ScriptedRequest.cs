using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ChatRoom.Tests.Client;

/// <summary>A request of the browser client that is not a handshake: an event stream, a poll, or a post. The test answers it.</summary>
internal sealed class ScriptedRequest(HttpContext context)
{
    // The context doesn't outlive the request.
    private readonly HeaderDictionary _headers = new(context.Request.Headers.ToDictionary());
    private readonly QueryCollection _query = new(context.Request.Query.ToDictionary());
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The transport that it belongs to; "post" if it is one.</summary>
    public string Transport { get; } = HttpMethods.IsPost(context.Request.Method) ? "post"
        : context.Request.Headers.Accept == "text/event-stream" ? "eventsource" : "polling";

    /// <summary>The body of a post.</summary>
    public string Body { get; private set; } = "";

    /// <summary>Ends when the test has answered the request, or the client has aborted it.</summary>
    public Task Answered => Task.WhenAny(_answered.Task, Aborted);

    /// <summary>Ends when the client has aborted the request.</summary>
    public Task Aborted { get; } = Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);

    public static string Live(string position, string room = "lobby") =>
        $$"""{"type":"live","room":"{{room}}","position":"{{position}}","recovered":true}""";

    public static string Message(string position, string data, string room = "lobby") =>
        $$"""{"type":"message","room":"{{room}}","position":"{{position}}","from":"bob","at":"2026-11-22T18:00:00.123Z","data":"{{data}}"}""";

    public static string Ack(string reference, string position) =>
        $$"""{"type":"ack","ref":"{{reference}}","room":"lobby","position":"{{position}}"}""";

    public string? Header(string name) => _headers[name];

    public IReadOnlyList<string?> Query(string name) => [.. _query[name]];

    public async Task ReadAsync()
    {
        using var reader = new StreamReader(context.Request.Body);
        Body = await reader.ReadToEndAsync();
    }

    /// <summary>The frames of a post: their refs and texts.</summary>
    public IReadOnlyList<(string Ref, string? Data)> Messages()
    {
        var body = JsonElement.Parse(Body);
        IEnumerable<JsonElement> frames = body.ValueKind == JsonValueKind.Array ? body.EnumerateArray() : [body];
        return [.. frames.Select(static frame => (frame.GetProperty("ref").GetString()!, frame.GetProperty("data").GetString()))];
    }

    /// <summary>Answers with a status and, if there is one, a body.</summary>
    public async Task AnswerAsync(int status, string? body = null, string type = "application/json", string? retryAfter = null)
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null)
            context.Response.Headers.RetryAfter = retryAfter;
        if (body is not null)
        {
            context.Response.ContentType = type;
            await context.Response.WriteAsync(body).Soon();
        }

        _answered.TrySetResult();
    }

    /// <summary>Answers a poll.</summary>
    public Task AnswerFramesAsync(params string[] frames) =>
        AnswerAsync(200, $$"""{"frames":[{"type":"welcome","connection":"p","room":"lobby","user":"ann","ping":20,"limit":65536},{{string.Join(',', frames)}}]}""");

    /// <summary>Answers a post with an error.</summary>
    public Task RefuseAsync(int status, string code, string? retryAfter = null) =>
        AnswerAsync(status, $$"""{"title":"No","status":{{status}},"detail":"It is {{code}}.","code":"{{code}}"}""", "application/problem+json", retryAfter);

    public Task OpenStreamAsync()
    {
        context.Response.ContentType = "text/event-stream";
        return context.Response.Body.FlushAsync();
    }

    /// <summary>Sends a frame as an event.</summary>
    public Task SendAsync(string frame) => WriteAsync($"id: lobby~e:1\ndata: {frame}\n\n");

    public async Task WriteAsync(string text)
    {
        await context.Response.WriteAsync(text).Soon();
        await context.Response.Body.FlushAsync().Soon();
    }

    /// <summary>Ends the stream with a close event.</summary>
    public async Task CloseAsync(int code, string reason = "")
    {
        await WriteAsync($"event: close\ndata: {{\"code\":{code},\"reason\":\"{reason}\"}}\n\n");
        _answered.TrySetResult();
    }

    /// <summary>Breaks the connection.</summary>
    public void Abort()
    {
        context.Abort();
        _answered.TrySetResult();
    }
}

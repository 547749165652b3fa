using System.Net;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ChatKit.ChaosTests.Client;

/// <summary>A server whose responses are scripted by a test.</summary>
internal sealed class ScriptedHttpServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<ScriptedRequest> _gets = Channel.CreateUnbounded<ScriptedRequest>();
    private readonly Channel<ScriptedRequest> _posts = Channel.CreateUnbounded<ScriptedRequest>();

    private ScriptedHttpServer()
    {
        var builder = WebApplication.CreateBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            var request = new ScriptedRequest(context, await body.ReadToEndAsync());
            (HttpMethods.IsPost(context.Request.Method) ? _posts : _gets).Writer.TryWrite(request);
            using var aborted = context.RequestAborted.UnsafeRegister(static request => ((ScriptedRequest)request!).End(), request);
            if (await request.IsAborted)
                context.Abort();
        });
    }

    public Uri Address => new UriBuilder(_app.Urls.Single()) { Scheme = "ws", Path = "/chat/lobby" }.Uri;

    public static async Task<ScriptedHttpServer> StartAsync()
    {
        var server = new ScriptedHttpServer();
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Waits for the next GET request of the client.</summary>
    public async Task<ScriptedRequest> GetAsync() => await _gets.Reader.ReadAsync().AsTask().Soon();

    /// <summary>Waits for the next GET request of the client, and opens an event stream.</summary>
    public async Task<ScriptedRequest> OpenStreamAsync(double ping = 20)
    {
        var stream = await GetAsync();
        await stream.SendAsync($$"""data: {"type":"welcome","connection":"c","room":"lobby","ping":{{ping}},"limit":1024,"token":"t"}""");
        return stream;
    }

    /// <summary>Waits for the next POST request of the client.</summary>
    public async Task<ScriptedRequest> PostAsync() => await _posts.Reader.ReadAsync().AsTask().Soon();

    public async ValueTask DisposeAsync()
    {
        _gets.Writer.Complete();
        _posts.Writer.Complete();
        await foreach (var request in _gets.Reader.ReadAllAsync())
            request.Abort();
        await foreach (var request in _posts.Reader.ReadAllAsync())
            request.Abort();
        await _app.DisposeAsync();
    }
}

/// <summary>A request of the client.</summary>
internal sealed class ScriptedRequest(HttpContext context, string body)
{
    private readonly TaskCompletionSource<bool> _isAborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, string> _headers =
        context.Request.Headers.ToDictionary(static one => one.Key, static one => one.Value.ToString());

    private readonly CancellationToken _aborted = context.RequestAborted;

    /// <summary>Whether the test aborts the connection. Completes when the request is over.</summary>
    public Task<bool> IsAborted => _isAborted.Task;

    public string Body { get; } = body;

    /// <summary>The query parameters, in alphabetical order.</summary>
    public string Query { get; } = string.Join(
        '&', context.Request.Query.SelectMany(static one => one.Value.Select(value => $"{one.Key}={value}")).Order(StringComparer.Ordinal));

    public string Header(string name) => _headers.GetValueOrDefault(name, "");

    /// <summary>Waits until the client has ended the request.</summary>
    public Task UntilAbortedAsync() => Task.Delay(Timeout.Infinite, _aborted).ContinueWith(static _ => { }, TaskScheduler.Default).Soon();

    public async Task AnswerAsync(int status, string json = "", string type = "application/json")
    {
        (context.Response.StatusCode, context.Response.ContentType) = (status, type);
        await context.Response.WriteAsync(json);
        End();
    }

    /// <summary>Answers a poll of a client that has no more to receive than these frames.</summary>
    public Task AnswerPollAsync(params string[] frames) => AnswerAsync(
        200,
        $$"""{"frames":[{{string.Join(',', frames.Prepend("""{"type":"welcome","connection":"c","room":"lobby","ping":20,"limit":1024}"""))}}]}""");

    public Task AnswerProblemAsync(int status, string members) => AnswerAsync(status, $"{{{members}}}", "application/problem+json");

    /// <summary>Sends an event.</summary>
    public async Task SendAsync(string lines)
    {
        if (!context.Response.HasStarted)
            context.Response.ContentType = "text/event-stream";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"{lines}\n\n"));
        await context.Response.Body.FlushAsync();
    }

    /// <summary>Ends the response.</summary>
    public void End() => _isAborted.TrySetResult(false);

    public void Abort() => _isAborted.TrySetResult(true);
}

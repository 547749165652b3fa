using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ChatKit.ClientScenarios.Server;

/// <summary>A server that does nothing by itself: the scenario answers each request. It also serves the page with the browser client.</summary>
internal sealed class ScenarioServer : IAsyncDisposable
{
    private static readonly string ClientFolder = Path.Combine(Repository.Root, "src/ChatKit.AspNetCore/wwwroot");
    private static readonly string DriverFolder = Path.Combine(Repository.Root, "clients/js/test/scenarios");

    private readonly WebApplication _app;
    private readonly Channel<Arrival> _arrivals = Channel.CreateUnbounded<Arrival>();
    private readonly ConcurrentQueue<Arrival> _all = [];

    private ScenarioServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.UseWebSockets();
        _app.MapGet("/", static () => Results.Content("<!doctype html><title>A client</title>", "text/html"));
        foreach (var path in JavaScriptFiles)
            _app.MapGet("/" + Path.GetFileName(path), () => Results.File(path, "text/javascript"));
        _app.Map("/chat/{room}", AnswerAsync);
    }

    /// <summary>The modules of the browser client, and its driver.</summary>
    public static IReadOnlyList<string> JavaScriptFiles { get; } =
    [
        Path.GetFullPath(Path.Combine(ClientFolder, "chatkit.js")),
        Path.GetFullPath(Path.Combine(ClientFolder, "chatkit.fallback.js")),
        Path.GetFullPath(Path.Combine(DriverFolder, "driver.js")),
    ];

    public Uri Origin => new(_app.Urls.Single());

    /// <summary>The address of the home room.</summary>
    public Uri Address => new(Origin, "chat/lobby");

    /// <summary>The number of requests so far.</summary>
    public int Count => _all.Count;

    /// <summary>The number of POSTs so far.</summary>
    public int Posts => _all.Count(static arrival => arrival.Way == Way.Post);

    public static async Task<ScenarioServer> StartAsync()
    {
        var server = new ScenarioServer();
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Returns the next request.</summary>
    public Task<Arrival> NextAsync() => _arrivals.Reader.ReadAsync().AsTask().InTime("the client connects");

    /// <summary>Returns the next request, which must come this way.</summary>
    public async Task<Arrival> NextAsync(Way way)
    {
        var arrival = await NextAsync();
        Assert.Equal(way, arrival.Way);
        return arrival;
    }

    /// <summary>Accepts the next handshake.</summary>
    public async Task<ServerConnection> AcceptAsync() => await (await NextAsync()).AcceptAsync();

    /// <summary>Asserts that no other request arrives.</summary>
    public async Task NothingArrivesAsync()
    {
        await Waiting.QuietAsync();
        Assert.False(_arrivals.Reader.TryRead(out var arrival), $"The client has connected again: {arrival}");
    }

    /// <summary>The requests so far, for a failure.</summary>
    public string Describe() => $"The requests were:\n{string.Concat(_all.Select(static arrival => $"  {arrival}\n"))}";

    public async ValueTask DisposeAsync()
    {
        foreach (var arrival in _all)
            arrival.Abort();
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var arrival = new Arrival(context, HttpMethods.IsPost(context.Request.Method) ? await reader.ReadToEndAsync() : "");
        _all.Enqueue(arrival);
        _arrivals.Writer.TryWrite(arrival);
        await arrival.Done;
    }
}

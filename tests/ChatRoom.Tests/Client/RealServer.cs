using System.Collections.Concurrent;
using System.Security.Claims;
using ChatKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatRoom.Tests.Client;

/// <summary>A real server that also serves the browser client and an empty page. The query parameter "name" is the user.</summary>
internal sealed class RealServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentBag<HttpContext> _sockets = [];

    private RealServer(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    /// <summary>Whether a proxy on the way breaks WebSockets, those that are open as well.</summary>
    public bool BreaksWebSockets
    {
        get => field;
        set
        {
            field = value;
            if (!value)
                return;
            foreach (var context in _sockets)
                context.Abort();
            _sockets.Clear();
        }
    }

    public IRoomBroadcaster Broadcaster => _app.Services.GetRequiredService<IRoomBroadcaster>();

    public static async Task<RealServer> StartAsync<THandler>(Action<WebSocketEndpointOptions> configure, Action<ChatKitOptions>? configureNode = null)
        where THandler : WebSocketHandler
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddChatKit(options => configureNode?.Invoke(options));
        var app = builder.Build();
        var server = new RealServer(app);
        app.Use((context, next) =>
        {
            if (context.Request.Headers.ContainsKey("Sec-WebSocket-Key"))
            {
                server._sockets.Add(context);
                if (server.BreaksWebSockets)
                {
                    context.Abort();
                    return Task.CompletedTask;
                }
            }

            if (context.Request.Query["name"] is [{ } name])
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, name)], "Name"));
            return next(context);
        });
        app.MapGet("/", () => Results.Content("<!doctype html><title>chatkit.js</title>", "text/html"));
        ScriptedServer.MapClient(app);
        app.MapWebSocketHandler<THandler>("/chat/{room}", configure);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

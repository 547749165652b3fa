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

    private RealServer(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    public IRoomBroadcaster Broadcaster => _app.Services.GetRequiredService<IRoomBroadcaster>();

    public static async Task<RealServer> StartAsync<THandler>(Action<WebSocketEndpointOptions> configure, Action<ChatKitOptions>? configureNode = null)
        where THandler : WebSocketHandler
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddChatKit(options => configureNode?.Invoke(options));
        var app = builder.Build();
        app.Use((context, next) =>
        {
            if (context.Request.Query["name"] is [{ } name])
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, name)], "Name"));
            return next(context);
        });
        app.MapGet("/", () => Results.Content("<!doctype html><title>chatkit.js</title>", "text/html"));
        ScriptedServer.MapClient(app);
        app.MapWebSocketHandler<THandler>("/chat/{room}", configure);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RealServer(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

using System.Net;
using System.Security.Claims;
using ChatKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatRoom.Tests.Client;

/// <summary>Two nodes are stopped and started again in turn, while browser clients talk.</summary>
public sealed class RollingRestartTests(Browser browser, RedisServer redis) : IClassFixture<RedisServer>, IAsyncDisposable
{
    private const int Clients = 20;

    /// <summary>The clients move within the first half, so that much time is left on a slow machine.</summary>
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(8);

    private readonly string _prefix = $"test-{Guid.NewGuid():n}:";
    private readonly List<WebApplication> _nodes = [];

    [Fact]
    public async Task No_client_is_ever_without_a_live_connection_and_nothing_is_lost_doubled_or_reordered()
    {
        int[] ports = [RedisServer.FreePort(), RedisServer.FreePort()];
        foreach (var port in ports)
            _nodes.Add(await StartAsync(port));
        await using var balancer = new RoundRobin(ports);
        await using var clients = await TalkingClients.OpenAsync(browser, balancer.Address, Clients);
        for (var i = 0; i < ports.Length; i++)
        {
            await clients.TalkAsync();
            balancer.Avoid(ports[i]); // It fails its health check.
            await _nodes[i].StopAsync(TestContext.Current.CancellationToken);
            await _nodes[i].DisposeAsync();
            await clients.TalkAsync();
            _nodes[i] = await StartAsync(ports[i]);
            balancer.Avoid(0);
        }

        await clients.TalkAsync();
        await clients.VerifyAsync(minOverlaps: Clients);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        foreach (var node in _nodes)
        {
            await node.StopAsync(now.Token);
            await node.DisposeAsync();
        }
    }

    private async Task<WebApplication> StartAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Logging.ClearProviders();
        builder.Services.AddChatKit(static options => (options.HistoryCapacity, options.DrainTime) = (10_000, DrainTime))
            .AddRedis(options => (options.Configuration, options.KeyPrefix) = (redis.Configuration, _prefix));
        var app = builder.Build();
        app.Use(static (context, next) =>
        {
            if (context.Request.Query["name"] is [{ } name])
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, name)], "Name"));
            return next(context);
        });
        app.MapGet("/", () => Results.Content("<!doctype html><title>chatkit.js</title>", "text/html"));
        ScriptedServer.MapClient(app);
        app.MapWebSocketHandler<Echo>("/chat/{room}", static options => (options.TrackPresence, options.ReplayLimit) = (true, 10_000));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private sealed class Echo : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
    }
}

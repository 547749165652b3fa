using System.Net;
using ChatKit.ChaosTests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatKit.ChaosTests.Shutdown;

/// <summary>A server for many clients, which is then asked to stop. At the end, it prints its counters.</summary>
internal static class CrowdServer
{
    /// <summary>The number of messages that a client receives after it has sent their length.</summary>
    public const int Messages = 16;

    public static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(4);

    /// <summary>This is long because on a slow machine, the clients need time to read what waits for them.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(15);

    private static int _served;
    private static int _opened;
    private static int _closed;

    /// <summary>The output if all connections were opened and closed correctly.</summary>
    public static string Count(int opened, int closed) => $"{opened} opened, {closed} closed with 1012 and answered";

    public static async Task RunAsync(int port)
    {
        var builder = WebApplication.CreateBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddChatKit(static options => (options.DrainTime, options.CloseTimeout) = (DrainTime, CloseTimeout));
        builder.Services.AddHealthChecks().AddChatKit();
        builder.WebHost
            .UseSockets(static sockets => sockets.CreateBoundListenSocket = Server.Listen)
            .ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));

        await using var app = builder.Build();

        // Clients read nothing before the server stops, and connecting all of them can take longer than the ping interval.
        app.MapWebSocketHandler<Handler>("/crowd/{room}", static options => options.PingInterval = Timeout.InfiniteTimeSpan);
        app.MapGet("/served", static () => _served);
        app.MapHealthChecks("/health");
        await Server.RunAsync(app);
        Console.WriteLine(Count(_opened, _closed));
    }

    private sealed class Handler : WebSocketHandler
    {
        protected override ValueTask OnOpenAsync()
        {
            Interlocked.Increment(ref _opened);
            return ValueTask.CompletedTask;
        }

        protected override async ValueTask OnMessageAsync(WebSocketMessage message)
        {
            var padding = new string('x', int.Parse(message.Text));
            for (var i = 0; i < Messages; i++)
                await SendAsync($"{i} {padding}");
            Interlocked.Increment(ref _served);
        }

        protected override ValueTask OnCloseAsync(CloseInfo close)
        {
            if (close is { Code: (System.Net.WebSockets.WebSocketCloseStatus)1012, WasClean: true })
                Interlocked.Increment(ref _closed);
            return ValueTask.CompletedTask;
        }
    }
}

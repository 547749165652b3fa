using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatKit.ChaosTests.Harness;

/// <summary>The server under test: the chat room of the README.</summary>
internal static class Server
{
    public const int HistoryCapacity = 100;

    private const int QueueLimit = 16 * 1024;

    /// <summary>The maximum delay of a message that was lost between nodes.</summary>
    public static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    /// <summary>The time for a disconnected client to answer.</summary>
    public static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The time within which the clients of a stopping node reconnect.</summary>
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Serves <c>/chat/{room}</c> until it is stopped or its parent process ends.</summary>
    /// <param name="port">The loopback port to listen on.</param>
    /// <param name="redis">The address of Redis; null for none.</param>
    /// <param name="sockets">Whether ChatKit's transport serves the connections.</param>
    public static async Task RunAsync(int port, string? redis, bool sockets)
    {
        await using var app = Create(port, redis, static options => options.Transports = ChatTransports.All, sockets);
        await RunAsync(app);
    }

    /// <summary>Runs an application until it is stopped or its parent process ends.</summary>
    public static async Task RunAsync(WebApplication app)
    {
        await app.StartAsync();

        // Standard input ends when the parent process ends, so this process does not outlive it.
        var orphaned = Task.Run(Console.In.ReadToEnd);
        await Task.WhenAny(orphaned, app.WaitForShutdownAsync());
    }

    /// <summary>Creates the application.</summary>
    public static WebApplication Create(
        int port, string? redis, Action<WebSocketEndpointOptions>? configure = null, bool sockets = false) =>
        Create<ChatRoom>(port, redis, configure, sockets);

    /// <summary>Creates the application with another handler.</summary>
    public static WebApplication Create<THandler>(
        int port, string? redis, Action<WebSocketEndpointOptions>? configure = null, bool sockets = false)
        where THandler : WebSocketHandler
    {
        // A watched configuration file would use one inotify instance per server.
        var builder = WebApplication.CreateBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders()
            .AddSimpleConsole(static console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss.fff "))
            .SetMinimumLevel(LogLevel.Warning)
            .AddFilter("ChatKit", LogLevel.Debug);
        var chatKit = builder.Services.AddChatKit(static options =>
            (options.HistoryCapacity, options.RoomCheckInterval, options.DrainTime, options.CloseTimeout) =
                (HistoryCapacity, CheckInterval, DrainTime, CloseTimeout));
        if (redis is not null)
            chatKit.AddRedis(redis);
        builder.WebHost
            .UseSockets(static sockets => sockets.CreateBoundListenSocket = Listen)
            .ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        if (sockets)
            builder.WebHost.UseChatKitSockets();

        var app = builder.Build();
        app.MapWebSocketHandler<THandler>("/chat/{room}", options =>
        {
            (options.PingInterval, options.PingTimeout, options.OutboundQueueLimit) = (PingInterval, PingTimeout, QueueLimit);
            configure?.Invoke(options);
        });
        return app;
    }

    /// <summary>Accepted sockets inherit the size of the buffer.</summary>
    public static Socket Listen(EndPoint endpoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        socket.SendBufferSize = SmallBuffers.Size;
        return socket;
    }

    private sealed class ChatRoom : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
    }
}

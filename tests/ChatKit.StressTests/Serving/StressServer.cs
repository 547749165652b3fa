using System.Net;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatKit.StressTests.Serving;

/// <summary>The server under test, with the limits that an operator would set on the open internet.</summary>
internal static class StressServer
{
    /// <summary>Writes <see cref="ServerStats"/> as a line.</summary>
    public const string AskStats = "stats";

    /// <summary>The same, after a garbage collection.</summary>
    public const string AskCollected = "collect";

    public const int HistoryCapacity = 100;
    public const int MaxMessageSize = 64 * 1024;
    public const int OutboundQueueLimit = 256 * 1024;

    private const int MaxConnections = 15_000;

    /// <summary>More than a person types, and more than any neighbour here sends.</summary>
    private const double MaxMessagesPerSecond = 50;

    /// <summary>The number of messages that our client sends again after it was disconnected.</summary>
    private const int MaxMessageBurst = 200;

    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(1);

    /// <summary>The time for a client to answer a close frame.</summary>
    public static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Serves <c>/chat/{room}</c>, prints its port in the first line, and answers each line of standard input until it ends.
    /// </summary>
    /// <param name="redis">The address of Redis; null for none.</param>
    /// <param name="queueLimit">The outbound queue limit, in bytes.</param>
    public static async Task RunAsync(string? redis, int queueLimit)
    {
        var state = new ServerState();
        await using var app = Create(state, redis, queueLimit);
        await app.StartAsync();
        Console.WriteLine(new Uri(app.Urls.Single()).Port);
        while (await Console.In.ReadLineAsync() is { } question)
            Console.WriteLine(JsonSerializer.Serialize(state.Read(question == AskCollected), StatsContext.Default.ServerStats));
    }

    private static WebApplication Create(ServerState state, string? redis, int queueLimit)
    {
        // A watched configuration file would use one inotify instance per server.
        var builder = WebApplication.CreateBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Warning).AddProvider(state);
        builder.Services.AddSingleton(state);
        var chatKit = builder.Services.AddChatKit(static options =>
            (options.HistoryCapacity, options.CloseTimeout) = (HistoryCapacity, CloseTimeout));
        if (redis is not null)
            chatKit.AddRedis(redis);
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.RequestHeadersTimeout = HandshakeTimeout;
            kestrel.Limits.MaxConcurrentConnections = kestrel.Limits.MaxConcurrentUpgradedConnections = MaxConnections;
        });

        var app = builder.Build();
        app.Use(static (context, next) =>
        {
            if (context.Request.Query["user"].ToString() is { Length: > 0 } user)
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", user)], "stress"));
            return next(context);
        });
        app.MapWebSocketHandler<StressHandler>("/chat/{room}", options =>
        {
            (options.PingInterval, options.PingTimeout, options.IdleTimeout) = (PingInterval, PingTimeout, IdleTimeout);
            (options.MaxMessagesPerSecond, options.MaxMessageBurst) = (MaxMessagesPerSecond, MaxMessageBurst);
            (options.MaxMessageSize, options.OutboundQueueLimit) = (MaxMessageSize, queueLimit);
            (options.EnableCompression, options.AllowClientJoins) = (true, true);
            (options.TrackReads, options.ShareReads) = (true, true);
        });
        return app;
    }
}

using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatKit.StressTests.Serving;

/// <summary>The server that is put to the test, with the limits that an operator on the open internet would set.</summary>
internal static class StressServer
{
    /// <summary>Writes <see cref="ServerStats"/> as a line.</summary>
    public const string AskStats = "stats";

    /// <summary>The same, when everything is let go that nobody needs.</summary>
    public const string AskCollected = "collect";

    public const int HistoryCapacity = 100;
    public const int MaxMessageSize = 64 * 1024;
    public const int OutboundQueueLimit = 256 * 1024;

    private const int MaxConnections = 15_000;

    /// <summary>More than anybody types, and than any neighbour here says.</summary>
    private const double MaxMessagesPerSecond = 50;

    /// <summary>As many as a client of ours sends again that was away.</summary>
    private const int MaxMessageBurst = 200;

    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(1);

    /// <summary>How long a client may take to answer a close frame.</summary>
    public static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Serves <c>/chat/{room}</c> on a port that it says in its first line, and answers each line that it is sent, until there are no
    /// more.
    /// </summary>
    /// <param name="redis">Where Redis is; null for none.</param>
    /// <param name="queueLimit">How much may wait for a client that reads slowly, in bytes.</param>
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
        // A watched configuration file would cost an inotify instance for each server.
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
        app.MapWebSocketHandler<StressHandler>("/chat/{room}", options =>
        {
            (options.PingInterval, options.PingTimeout, options.IdleTimeout) = (PingInterval, PingTimeout, IdleTimeout);
            (options.MaxMessagesPerSecond, options.MaxMessageBurst) = (MaxMessagesPerSecond, MaxMessageBurst);
            (options.MaxMessageSize, options.OutboundQueueLimit) = (MaxMessageSize, queueLimit);
            options.EnableCompression = true;
        });
        return app;
    }
}

using System.Net.Sockets;
using ChatRoom;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;

return await CommandLine.Create(RunAsync).RunAsync(args);

static async Task<int> RunAsync(Settings settings)
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
    builder.WebHost.UseStaticWebAssets();
    builder.WebHost.UseUrls(settings.ListenUrl);
    builder.Logging.SetMinimumLevel(settings.Logging);
    builder.Logging.AddFilter("Microsoft", settings.Logging < LogLevel.Warning ? LogLevel.Warning : settings.Logging);
    builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None); // The code below reports a failure to start in one line.

    var chatKit = builder.Services.AddChatKit();
    if (settings.Redis is { } redis)
        chatKit.AddRedis(redis);
    builder.Services.AddHealthChecks().AddChatKit(tags: ["ready"]);
    if (settings.Otlp is { } otlp)
        builder.ExportTelemetry(otlp);

    var app = builder.Build();
    app.UseMiddleware<SecurityHeaders>();
    app.UseWhen(context => context.Request.Path.StartsWithSegments("/chat"), chat => chat.UseMiddleware<NameFromQuery>());
    app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false }); // Healthy whenever the server answers.
    app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
    app.MapStaticAssets();
    app.MapIndexPage();
    app.MapWebSocketHandler<TutorialHandler>("/msg", options => options.HistoryCapacity = 0);
    app.MapWebSocketHandler<EchoHandler>("/echo", options =>
    {
        options.HistoryCapacity = 0;
        options.MaxMessageSize = EchoHandler.MaxMessageSize;
        options.EnableCompression = true;
    });
    app.MapWebSocketHandler<ChatHandler>("/chat/{room}", options =>
    {
        options.AllowClientJoins = true;
        options.TrackPresence = true;
        options.TrackReads = true;
        options.ShareReads = true;
        options.ReplayLimit = 50; // The page gets older messages when its user scrolls up.
        options.Transports = ChatTransports.All; // Where a proxy blocks WebSockets, the page uses another way in.
    });

    try
    {
        await app.StartAsync();
    }
    catch (Exception e) when (e is IOException or SocketException)
    {
        await Console.Error.WriteLineAsync($"Cannot listen on {settings.ListenUrl}: {e.Message}");
        return e is SocketException ? CommandLine.WrongUsage : 1;
    }

    Console.WriteLine($"Open {settings.BrowserUrl(app.Urls.First())} in your browser. Ctrl+C ends the chat room.");
    Console.WriteLine(settings.HistoryPlace);
    await app.WaitForShutdownAsync();
    return 0;
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ChatKit.ClientScenarios.Server;

/// <summary>
/// Listens for the servers of all scenarios until the process ends, because each start costs time. The first part of a path is the number of the
/// server. Serves the page with the browser client as well, which can so use any of them.
/// </summary>
internal static class ScenarioHost
{
    private static readonly string ClientFolder = Path.Combine(Repository.Root, "src/ChatKit.AspNetCore/wwwroot");
    private static readonly string DriverFolder = Path.Combine(Repository.Root, "clients/js/test/scenarios");

    private static readonly Lazy<Task<Uri>> Started = new(StartAsync);
    private static readonly ConcurrentDictionary<int, ScenarioServer> Servers = [];
    private static int _count;

    /// <summary>The modules of the browser client, and its driver.</summary>
    public static IReadOnlyList<string> JavaScriptFiles { get; } =
    [
        Path.GetFullPath(Path.Combine(ClientFolder, "chatkit.js")),
        Path.GetFullPath(Path.Combine(ClientFolder, "chatkit.fallback.js")),
        Path.GetFullPath(Path.Combine(DriverFolder, "driver.js")),
    ];

    public static Task<Uri> Origin => Started.Value;

    /// <summary>Adds a server. Returns its number.</summary>
    public static int Add(ScenarioServer server)
    {
        var number = Interlocked.Increment(ref _count);
        Servers[number] = server;
        return number;
    }

    public static void Remove(int number) => Servers.TryRemove(number, out _);

    private static async Task<Uri> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.UseWebSockets();
        app.MapGet("/", static () => Results.Content("<!doctype html><title>A client</title>", "text/html"));
        foreach (var path in JavaScriptFiles)
            app.MapGet("/" + Path.GetFileName(path), () => Results.File(path, "text/javascript"));
        app.Map("/{server:int}/chat/{room}", AnswerAsync);
        await app.StartAsync();
        return new Uri(app.Urls.Single());
    }

    private static Task AnswerAsync(HttpContext context)
    {
        if (Servers.TryGetValue(int.Parse((string)context.Request.RouteValues["server"]!, CultureInfo.InvariantCulture), out var server))
            return server.AnswerAsync(context);
        context.Abort(); // The scenario has ended.
        return Task.CompletedTask;
    }
}

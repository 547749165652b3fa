using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace TeamChat;

/// <summary>One node of the application. Apart from its name, nothing in it knows that there are others.</summary>
internal static class Node
{
    public static WebApplication Create(string name, string redis, Secrets secrets, Accounts accounts, IHostEnvironment environment)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = environment.ApplicationName,
            ContentRootPath = environment.ContentRootPath,
            EnvironmentName = environment.EnvironmentName,
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddChatKit().AddRedis(redis);
        builder.Services.AddHealthChecks().AddChatKit();
        builder.Services.AddSignIn(secrets);
        builder.Services.AddSingleton(accounts).AddSingleton(new NodeName(name));

        var app = builder.Build();
        app.Use(static (context, next) =>
        {
            context.Response.Headers.ContentSecurityPolicy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
            return next(context);
        });
        app.UseFileServer();
        app.MapHealthChecks("/health/ready");
        app.MapSignIn(secrets);
        app.MapWebSocketHandler<TeamHandler>("/chat", options =>
        {
            options.HomeRoom = _ => "general"; // Everyone may be in it. The page joins the others.
            options.HistoryCapacity = 1_000;
            options.ReplayLimit = 50; // The page gets older messages when its user asks for them.
            options.AllowClientJoins = true;
            options.TrackPresence = true;
            options.TrackReads = true;
            options.ShareReads = true;
            options.MaxMessagesPerSecond = 20;
        }).RequireAuthorization();
        return app;
    }
}

internal sealed record NodeName(string Value);

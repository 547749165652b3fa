using System.Net;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.HttpOverrides;

namespace ChatKit.Snippets;

internal static partial class Security
{
    public static void TrustTheProxy(WebApplication app)
    {
        app.UseForwardedHeaders(new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedHost | ForwardedHeaders.XForwardedProto,
            KnownProxies = { IPAddress.Parse("10.0.0.5") },
            AllowedHosts = ["chat.example.com"],
        });
    }

    public static void ReadTokens(WebApplicationBuilder builder)
    {
        builder.Services.AddAuthentication().AddJwtBearer(options => options.Events = new JwtBearerEvents
        {
            OnMessageReceived = context =>
            {
                const string Prefix = "bearer.";
                context.Token = context.HttpContext.WebSockets.WebSocketRequestedProtocols
                    .FirstOrDefault(offered => offered.StartsWith(Prefix, StringComparison.Ordinal))?[Prefix.Length..];
                return Task.CompletedTask;
            },
        });
    }

    public static void ReadTokenOfQuery(MessageReceivedContext context)
    {
        if (context.Request.Path.StartsWithSegments("/chat"))
            context.Token ??= context.Request.Query["access_token"];
    }

    [LoggerMessage(1, LogLevel.Information, "{User} says {Text}")]
    private static partial void LogMessage(ILogger logger, LogText user, LogText text);
}

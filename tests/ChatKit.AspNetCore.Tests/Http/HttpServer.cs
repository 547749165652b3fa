using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Http;

/// <summary>Applications with one endpoint, <c>/chat/{room}</c>, to which clients connect in every way.</summary>
internal static class HttpServer
{
    public static Task<ChatServer> StartAsync(
        Script script, Action<WebSocketEndpointOptions>? configure = null, Action<IServiceCollection>? build = null) =>
        ChatServer.StartAsync(
            app => app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}", options =>
            {
                options.Transports = ChatTransports.All;
                configure?.Invoke(options);
            }),
            builder =>
            {
                builder.Services.AddSingleton(script);
                build?.Invoke(builder.Services);
            });
}

using ChatKit.Client;

namespace Snippets;

public sealed class HelpBot(ChatClient chat) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await chat.ConnectAsync(stoppingToken);
        await foreach (var e in chat.Events(stoppingToken))
        {
            if (e is MessageReceived { IsLive: true, Text: "!help", From: { } from } && from != chat.User)
                await chat.SendAsync("Try !time or !remind.");
        }
    }
}

internal static class Bots
{
    public static void Register(WebApplicationBuilder builder)
    {
        builder.Services.AddChatKitClient(new Uri("https://example.com/chat/lobby"), (_, options) => options.Token = stop => GetTokenAsync(stop));
        builder.Services.AddHostedService<HelpBot>();
    }

    public static void AllowPosts(WebApplication app)
    {
        app.MapWebSocketHandler<ChatRoom>("/chat/{room}", options => options.Transports = ChatTransports.WebSockets | ChatTransports.Polling)
            .RequireAuthorization();
    }

    private static Task<string?> GetTokenAsync(CancellationToken stop) => Task.FromResult<string?>(stop.IsCancellationRequested ? null : "token");
}

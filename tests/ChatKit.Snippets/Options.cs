namespace ChatKit.Snippets;

internal static class Options
{
    public static void Limit(WebApplication app)
    {
        app.MapWebSocketHandler<ChatRoom>("/chat/{room}", options => options.MaxMessagesPerSecond = 20);
    }
}

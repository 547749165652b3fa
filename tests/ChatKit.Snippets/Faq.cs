namespace ChatKit.Snippets;

internal static class Faq
{
    public static void Map(WebApplication app)
    {
        app.MapWebSocketHandler<ChatRoom>("/chat/{room}", options => options.AllowedOrigins.Add("https://www.example.com"));

        app.MapWebSocketHandler<ChatRoom>("/chat/{room}", options =>
        {
            options.HistoryCapacity = 10_000;
            options.ReplayLimit = 50;
        });
    }
}

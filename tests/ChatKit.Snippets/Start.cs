namespace Snippets;

internal static class Start
{
    public static void Run(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddChatKit();

        var app = builder.Build();
        app.MapStaticAssets();                               // wwwroot, and the browser client of ChatKit.AspNetCore
        app.MapFallbackToFile("/", "index.html");
        app.MapWebSocketHandler<ChatRoom>("/chat/{room}");   // the route value "room" names the room
        app.Run();
    }
}

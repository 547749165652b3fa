namespace ChatKit.Snippets;

internal static class Authentication
{
    public static void Require(WebApplication app)
    {
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapWebSocketHandler<ChatRoom>("/chat/{room}").RequireAuthorization();
    }
}

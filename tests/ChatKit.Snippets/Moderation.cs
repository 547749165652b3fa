using System.Security.Claims;

namespace ChatKit.Snippets;

public sealed class ModeratedRoom : WebSocketHandler
{
    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);

    protected override async ValueTask OnDeleteAsync(DeleteRequest request)
    {
        var isAuthor = request.Original.From is { } author && author == Connection.UserId;
        if (!isAuthor && !Connection.User.IsInRole("moderator"))
            throw new MessageRefusedException("forbidden", "Only its author and moderators can delete a message.");
        await DeleteAsync(request.Position);
    }
}

internal static class Moderation
{
    public static void MapDeletion(WebApplication app)
    {
        app.MapPost("/moderation/delete", async (string room, string position, ClaimsPrincipal user, IRoomBroadcaster rooms) =>
                await rooms.DeleteAsync(room, MessagePosition.Parse(position), by: user.Identity?.Name) ? Results.NoContent() : Results.NotFound())
            .RequireAuthorization(policy => policy.RequireRole("moderator"));
    }

    public static async Task BanAsync(IRoomBroadcaster rooms)
    {
        await rooms.DisconnectUserAsync("anna", (WebSocketCloseStatus)4003, "You are banned.");
    }

    public static void Limit(WebApplication app)
    {
        app.MapWebSocketHandler<ChatRoom>("/chat/{room}", options =>
        {
            options.MaxMessagesPerSecond = 2;      // sustained
            options.MaxMessageBurst = 20;          // at once
            options.MaxMessageSize = 4 * 1024;     // bytes
            options.MaxConnectionsPerUser = 10;    // on each node
        });
    }
}

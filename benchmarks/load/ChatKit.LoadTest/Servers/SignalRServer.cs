using Microsoft.AspNetCore.SignalR;

namespace ChatKit.LoadTest.Servers;

/// <summary>A hub whose groups are the rooms, with the JSON protocol.</summary>
internal static class SignalRServer
{
    public static void AddServices(IServiceCollection services, ServerOptions options)
    {
        var builder = services.AddSignalR();
        if (options.Redis is not null)
            builder.AddStackExchangeRedis(options.Redis);
    }

    public static void Map(WebApplication app) => app.MapHub<ChatHub>("/chat/{room}");

    private sealed class ChatHub : Hub
    {
        private const string RoomKey = "room";

        public override Task OnConnectedAsync()
        {
            // A request that polls has no route values here.
            var room = Path.GetFileName(Context.GetHttpContext()!.Request.Path.Value!);
            Context.Items[RoomKey] = room;
            return Groups.AddToGroupAsync(Context.ConnectionId, room);
        }

        public Task Send(string text) => Clients.Group((string)Context.Items[RoomKey]!).SendAsync("m", text);
    }
}

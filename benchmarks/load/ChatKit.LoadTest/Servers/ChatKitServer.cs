namespace ChatKit.LoadTest.Servers;

/// <summary>The chat room of the README.</summary>
internal static class ChatKitServer
{
    public static void AddServices(IServiceCollection services, ServerOptions options)
    {
        var builder = services.AddChatKit();
        if (options.Redis is not null)
            builder.AddRedis(options.Redis);
    }

    public static void Map(WebApplication app, ServerOptions options) =>
        app.MapWebSocketHandler<ChatRoom>("/chat/{room}", endpoint =>
        {
            endpoint.HistoryCapacity = options.History;
            endpoint.DirectTransport = !options.Stream;
            endpoint.Transports = ChatTransports.All;
        });

    private sealed class ChatRoom : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
    }
}

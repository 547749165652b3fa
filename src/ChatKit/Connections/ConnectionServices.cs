using ChatKit.Diagnostics;
using ChatKit.Rooms;
using ChatKit.Rooms.Reads;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.Connections;

/// <summary>The services that all connections share.</summary>
internal sealed class ConnectionServices(
    ConnectionRegistry connections,
    RoomRegistry rooms,
    Publisher publisher,
    ReadCursors cursors,
    ChatKitMetrics metrics,
    ChatKitTracing tracing,
    IServiceScopeFactory scopes,
    IOptions<ChatKitOptions> options,
    TimeProvider clock,
    ILogger<WebSocketHandlerRunner> logger)
{
    public ConnectionRegistry Connections => connections;

    public RoomRegistry Rooms => rooms;

    public Publisher Publisher => publisher;

    public ReadCursors Cursors => cursors;

    public ChatKitMetrics Metrics => metrics;

    public ChatKitTracing Tracing => tracing;

    public IServiceScopeFactory Scopes => scopes;

    public ChatKitOptions Options => options.Value;

    public TimeProvider Clock => clock;

    public ILogger Logger => logger;
}

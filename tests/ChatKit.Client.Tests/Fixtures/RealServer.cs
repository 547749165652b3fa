using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatKit.Client.Tests.Fixtures;

/// <summary>A server of ChatKit. A bearer token is the name of the user.</summary>
internal sealed class RealServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RealServer(int port, Action<WebSocketEndpointOptions>? configure, Func<HttpContext, Func<Task>, Task>? before, TimeProvider? clock)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddSingleton(clock ?? TimeProvider.System).AddChatKit();
        _app = builder.Build();
        _app.Use(static (context, next) =>
        {
            if (context.Request.Headers.Authorization.ToString() is ['B', 'e', 'a', 'r', 'e', 'r', ' ', .. var user])
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user)], "test"));
            return next(context);
        });
        if (before is not null)
            _app.Use((context, next) => before(context, () => next(context)));
        _app.MapWebSocketHandler<Room>("/chat/{room}", options =>
        {
            (options.Transports, options.AllowClientJoins, options.TrackReads) = (ChatTransports.All, true, true);
            (options.ShareReads, options.TrackPresence) = (true, true);
            configure?.Invoke(options);
        });
    }

    public Uri Address => AddressOf("lobby");

    public int Port => new Uri(_app.Urls.Single()).Port;

    public IServiceProvider Services => _app.Services;

    /// <summary>Whether a request is the handshake of a WebSocket.</summary>
    public static bool IsHandshake(HttpContext context) => context.Request.Headers.Upgrade == "websocket";

    public static async Task<RealServer> StartAsync(
        Action<WebSocketEndpointOptions>? configure = null, int port = 0, Func<HttpContext, Func<Task>, Task>? before = null,
        TimeProvider? clock = null)
    {
        var server = new RealServer(port, configure, before, clock);
        await server._app.StartAsync();
        return server;
    }

    public Uri AddressOf(string room) => new($"{_app.Urls.Single()}/chat/{room}");

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>Broadcasts everything, except for what starts with an exclamation mark.</summary>
    private sealed class Room : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) =>
            message.Text == "!mute" ? throw new MessageRefusedException("muted", "Not now.")
            : message.Text == "!nothing" ? ValueTask.CompletedTask
            : BroadcastAsync(message.Text);

        protected override async ValueTask OnEditAsync(EditRequest request) => await EditAsync(request.Position, request.Message.Text);

        protected override async ValueTask OnDeleteAsync(DeleteRequest request) => await DeleteAsync(request.Position);

        protected override ValueTask OnSignalAsync(RoomSignal signal) => SignalAsync(signal.Name, signal.Data);

        protected override ValueTask<bool> AuthorizeRoomAsync(string room) => ValueTask.FromResult(room != "secret");
    }
}

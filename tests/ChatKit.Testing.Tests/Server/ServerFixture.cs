using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Testing.Tests.Server;

/// <summary>A server with the handlers of these tests. It runs on a clock that the test moves, if it asks for one.</summary>
public abstract class ServerFixture : IAsyncDisposable
{
    private readonly List<ChatTestServer> _servers = [];

    protected Script Script { get; } = new();

    protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 22, 18, 0, 0, TimeSpan.Zero));

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task<ChatTestServer> StartAsync(
        Action<ChatKitOptions>? configure = null,
        Action<WebSocketConnectionOptions>? connections = null,
        Action<IServiceCollection>? services = null,
        bool isClockFake = false)
    {
        var server = await ChatTestServer.StartAsync(
            collection =>
            {
                if (isClockFake)
                    collection.AddSingleton<TimeProvider>(Clock);
                collection.AddSingleton(Script);
                collection.AddChatKit(configure);
                services?.Invoke(collection);
            },
            chat => chat.Map<Scripted>("/chat/{room}", connections).Map<Echo>("/lobby", connections).Map<Scripted>("{tenant}/chat/{room}/x"));
        _servers.Add(server);
        return server;
    }

    protected static IEnumerable<string?> Texts(IEnumerable<ChatFrame> frames) => frames.Select(static frame => frame.Text);
}

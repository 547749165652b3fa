using System.Collections.Concurrent;
using ChatKit.Rooms;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Tests.Fixtures;

/// <summary>An application with ChatKit in it, on a clock that only the test moves. Clients connect in memory.</summary>
internal sealed class ChatHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly ConcurrentBag<ChatConnection> _connections = [];

    public ChatHost(Action<ChatKitOptions>? configure = null, Action<IServiceCollection>? services = null, FakeTimeProvider? clock = null)
    {
        Clock = clock ?? new FakeTimeProvider(Start);
        var collection = new ServiceCollection();
        collection.AddLogging(static logging => logging.SetMinimumLevel(LogLevel.Trace).AddFakeLogging());
        collection.AddSingleton<TimeProvider>(Clock);
        collection.AddChatKit(configure);
        services?.Invoke(collection);
        _services = collection.BuildServiceProvider(new ServiceProviderOptions { ValidateScopes = true, ValidateOnBuild = true });
    }

    /// <summary>What time it is when a test begins.</summary>
    public static DateTimeOffset Start { get; } = new(2026, 11, 22, 18, 0, 0, TimeSpan.Zero);

    public FakeTimeProvider Clock { get; }

    public IServiceProvider Services => _services;

    public IMessageHistory History => _services.GetRequiredService<IMessageHistory>();

    public IBackplane Backplane => _services.GetRequiredService<IBackplane>();

    public IRoomBroadcaster Broadcaster => _services.GetRequiredService<IRoomBroadcaster>();

    public RoomRegistry Rooms => _services.GetRequiredService<RoomRegistry>();

    public FakeLogCollector Logs => _services.GetFakeLogCollector();

    /// <summary>A client connects, and its handler does nothing but what the test tells it to.</summary>
    public ChatConnection Connect(
        string room = "lobby",
        ScriptedHandler? handler = null,
        WebSocketConnectionOptions? options = null,
        Func<Action, WebSocketConnectionInfo>? info = null,
        int buffer = 64 * 1024)
    {
        handler ??= new ScriptedHandler();
        var connection = Connect(_ => handler, options, info ?? (abort => new() { Room = room, Abort = abort }), buffer);
        connection.Handler = handler;
        return connection;
    }

    /// <summary>A client connects.</summary>
    public ChatConnection Connect(
        Func<IServiceProvider, WebSocketHandler> create,
        WebSocketConnectionOptions? options = null,
        Func<Action, WebSocketConnectionInfo>? info = null,
        int buffer = 64 * 1024)
    {
        var (server, client) = DuplexStream.CreatePair(buffer);
        var runner = _services.GetRequiredService<WebSocketHandlerRunner>();
        var about = (info ?? (static abort => new() { Room = "lobby", Abort = abort }))(server.Reset);
        var ended = Task.Run(async () =>
        {
            await runner.RunAsync(server, about, options ?? new WebSocketConnectionOptions(), create);
            server.EndOutput();
        });
        var connection = new ChatConnection(new TestClient(client), ended);
        _connections.Add(connection);
        return connection;
    }

    /// <summary>A client connects, and is in its home room when this returns.</summary>
    public async Task<ChatConnection> EnterAsync(
        string room = "lobby",
        ScriptedHandler? handler = null,
        WebSocketConnectionOptions? options = null,
        Func<Action, WebSocketConnectionInfo>? info = null,
        int buffer = 64 * 1024)
    {
        var connection = Connect(room, handler, options, info, buffer);
        await connection.WaitUntilEnteredAsync();
        return connection;
    }

    /// <summary>The host stops. Ends when all connections have ended, or it waits no longer.</summary>
    public Task StopAsync(CancellationToken hurry = default) =>
        _services.GetServices<IHostedService>().OfType<IHostedLifecycleService>().Single().StoppingAsync(hurry);

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            connection.Client.Disconnect();
        foreach (var connection in _connections)
        {
            await connection.Ended.Soon();
            connection.Client.Dispose();
        }

        await _services.DisposeAsync();
    }
}

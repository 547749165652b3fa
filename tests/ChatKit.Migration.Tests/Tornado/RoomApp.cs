using System.Net.WebSockets;

namespace ChatKit.Migration.Tests.Tornado;

/// <summary>
/// The chat room, on Tornado or on ChatKit, with a Redis of its own. The first test that asks for it starts it, because only a test can be
/// skipped.
/// </summary>
public abstract class RoomApp : IAsyncLifetime
{
    private readonly Lazy<Task<Sample>> _sample;

    protected RoomApp() => _sample = new(async () =>
    {
        await Redis.StartAsync();
        return await StartAsync();
    });

    public RedisServer Redis { get; } = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Connects a client, as a browser without a library does.</summary>
    public async Task<ClientWebSocket> ConnectAsync(string room)
    {
        SkipIfMissing();
        var address = (await _sample.Value).Address;
        var client = new ClientWebSocket();
        await client.ConnectAsync(new UriBuilder(address) { Scheme = "ws", Path = $"/chat/{room}" }.Uri, CancellationToken.None).Soon();
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        if (_sample is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await _sample.Value).DisposeAsync();
        await Redis.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected virtual void SkipIfMissing()
    {
    }

    private protected abstract Task<Sample> StartAsync();
}

using System.Collections.Concurrent;
using System.Security.Claims;
using ChatKit.Testing.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatKit.Testing;

/// <summary>
/// Runs handlers in the process of a test, without a web server and without a port: the real rooms, the real protocol, connections in memory.
/// The application's services are those of a host, so its hosted services run too. To control the time, register a
/// <see cref="TimeProvider"/>.
/// </summary>
public sealed class ChatTestServer : IAsyncDisposable
{
    /// <summary>How long to wait at the end for handlers and hosted services that don't return.</summary>
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(2);

    private readonly Action<IServiceCollection> _configure;
    private readonly ChatTestRoutes _routes;
    private readonly SharedStore _store;
    private readonly NodeFaults _faults = new();
    private readonly IHost _host;
    private readonly bool _sharesRooms;
    private readonly ConcurrentDictionary<ChatTestClient, bool> _clients = [];
    private readonly ConcurrentBag<ChatTestServer> _added = [];
    private bool _isStarted;
    private int _isDisposed;

    private ChatTestServer(Action<IServiceCollection> configure, ChatTestRoutes routes, SharedStore store)
    {
        (_configure, _routes, _store) = (configure, routes, store);
        (_host, _sharesRooms) = NodeHost.Build(configure, store, _faults, Log);
    }

    /// <summary>The services of this node.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>Sends to rooms and users, as the application does from anywhere. <c>DisconnectUserAsync</c> kicks a user.</summary>
    public IRoomBroadcaster Broadcaster => Services.GetRequiredService<IRoomBroadcaster>();

    /// <summary>
    /// How long clients wait, in real time, for what they expect. Default: 20 seconds. Then they throw a <see cref="TimeoutException"/> that says
    /// what they have received, and what the server has logged.
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Whether the history is available, on all nodes. Default: true. While it is false, the history throws
    /// <see cref="HistoryUnavailableException"/>. When it is true again, the rooms read what they missed.
    /// </summary>
    /// <exception cref="InvalidOperationException">The application has registered its own backplane, or Redis.</exception>
    public bool IsStoreAvailable
    {
        get => _store.IsAvailable;
        set
        {
            ThrowIfRoomsAreNotShared();
            _store.IsAvailable = value;
        }
    }

    internal WarningLog Log { get; } = new();

    /// <summary>Starts a server.</summary>
    /// <param name="services">
    /// Registers the services of the application, as its <c>Program.cs</c> does. It is called once for each node. Without <c>AddRedis</c> or a
    /// backplane of its own, the nodes share their rooms in memory.
    /// </param>
    /// <param name="routes">Maps the handlers.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    public static Task<ChatTestServer> StartAsync(
        Action<IServiceCollection> services, Action<ChatTestRoutes> routes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(routes);
        var mapped = new ChatTestRoutes();
        routes(mapped);
        return StartAsync(services, mapped, new SharedStore(), cancellationToken);
    }

    /// <summary>
    /// Starts another node of the same application. It shares the history and carries messages from and to the other nodes. Presence and read
    /// cursors are those of each node, as always without Redis.
    /// </summary>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <returns>The node. It ends when it is disposed of, and when the first one is.</returns>
    public async Task<ChatTestServer> AddNodeAsync(CancellationToken cancellationToken = default)
    {
        var node = await StartAsync(_configure, _routes, _store, cancellationToken).ConfigureAwait(false);
        node.Timeout = Timeout;
        _added.Add(node);
        return node;
    }

    /// <summary>Lets a client of <see cref="ChatKitSubprotocol.V1"/> connect, and waits until it is in its home room.</summary>
    /// <param name="path">The path, such as <c>/chat/lobby</c>, without a query.</param>
    /// <param name="user">The user's id, as the claim <see cref="ClaimTypes.NameIdentifier"/>; null for an anonymous client.</param>
    /// <param name="cancellationToken">Cancels connecting.</param>
    /// <returns>The client. If the handler has refused it, its connection is closed: see <see cref="ChatTestClient.ReceiveCloseAsync"/>.</returns>
    /// <exception cref="ArgumentException">No handler is mapped to the path, or it contains a room's name that isn't valid.</exception>
    /// <exception cref="InvalidOperationException">The node has been stopped.</exception>
    /// <exception cref="TimeoutException">The client isn't in its home room in time.</exception>
    public Task<ChatTestClient> ConnectAsync(string path, string? user = null, CancellationToken cancellationToken = default)
    {
        var options = new ChatTestClientOptions();
        if (user is not null)
            options.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user)], "test"));
        return ConnectAsync(path, options, cancellationToken);
    }

    /// <summary>Lets a client connect.</summary>
    /// <param name="path">The path, such as <c>/chat/lobby</c>, without a query.</param>
    /// <param name="options">Describes the client.</param>
    /// <param name="cancellationToken">Cancels connecting.</param>
    /// <returns>The client. If the handler has refused it, its connection is closed: see <see cref="ChatTestClient.ReceiveCloseAsync"/>.</returns>
    /// <exception cref="ArgumentException">No handler is mapped to the path, or it contains a room's name that isn't valid.</exception>
    /// <exception cref="InvalidOperationException">The node has been stopped.</exception>
    /// <exception cref="TimeoutException">The client isn't in its home room in time.</exception>
    public async Task<ChatTestClient> ConnectAsync(string path, ChatTestClientOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        var client = new ChatTestClient(path, options);
        try
        {
            await client.ConnectAsync(this, cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Lets the backplane lose the next messages to this node's members. The room notices it by the position of the next message that arrives,
    /// or after <see cref="ChatKitOptions.RoomCheckInterval"/>, and reads what is missing from the history. Messages that aren't stored are lost.
    /// </summary>
    /// <param name="count">The number of messages and changes, of all rooms.</param>
    /// <exception cref="InvalidOperationException">The application has registered its own backplane, or Redis.</exception>
    public void LoseNextMessages(int count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ThrowIfRoomsAreNotShared();
        _faults.LoseNext(count);
    }

    /// <summary>
    /// Stops this node gracefully, as a deployment does: clients receive <c>restart</c>, and their connections are closed with 1012. Completes
    /// when all handlers have been closed. They can connect to another node with <see cref="ChatTestClient.ReconnectAsync"/>.
    /// </summary>
    /// <param name="cancellationToken">Aborts the remaining connections.</param>
    public Task StopAsync(CancellationToken cancellationToken = default) => _host.StopAsync(cancellationToken);

    /// <summary>
    /// Cuts the remaining connections, stops the node, and disposes of its services. The first node also ends those that were added.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
            return;
        foreach (var node in _added)
            await node.DisposeAsync().ConfigureAwait(false);
        foreach (var (client, _) in _clients)
            client.Cut();
        using var limit = new CancellationTokenSource(EndTimeout);
        try
        {
            if (_isStarted)
                await _host.StopAsync(limit.Token).ConfigureAwait(false);
        }
        finally
        {
            await ((IAsyncDisposable)_host).DisposeAsync().ConfigureAwait(false);
            Log.Dispose();
        }
    }

    internal (TestEndpoint Endpoint, IReadOnlyDictionary<string, object?> Values) Find(string path)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) == 1, this);
        if (Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested)
            throw new InvalidOperationException("The node has been stopped, and accepts no more connections.");
        return _routes.Find(path);
    }

    internal void Add(ChatTestClient client) => _clients.TryAdd(client, true);

    internal void Remove(ChatTestClient client) => _clients.TryRemove(client, out _);

    private static async Task<ChatTestServer> StartAsync(
        Action<IServiceCollection> services, ChatTestRoutes routes, SharedStore store, CancellationToken cancellationToken)
    {
        var server = new ChatTestServer(services, routes, store);
        try
        {
            await server._host.StartAsync(cancellationToken).ConfigureAwait(false);
            server._isStarted = true;
            return server;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private void ThrowIfRoomsAreNotShared()
    {
        if (!_sharesRooms)
        {
            throw new InvalidOperationException(
                "This fault needs the in-memory backplane, but the application has registered another one. Let that one fail instead.");
        }
    }
}

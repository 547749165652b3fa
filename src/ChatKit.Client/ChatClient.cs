using ChatKit.Client.Rooms;

namespace ChatKit.Client;

/// <summary>
/// A client of a ChatKit server. It reconnects and resumes, does not lose, duplicate, or reorder messages, and reports gaps. The members of a
/// conversation mean the home room, whose name the address states. Its members are thread-safe.
/// </summary>
/// <example>
/// <code>
/// await using var chat = new ChatClient(new Uri("https://example.com/chat/lobby"));
/// await chat.ConnectAsync();
/// await chat.SendAsync("hi");
/// await foreach (var e in chat.Events())
///     Console.WriteLine(e);
/// </code>
/// </example>
public sealed class ChatClient : ChatConversation, IAsyncDisposable
{
    /// <summary>Creates a client. It connects when <see cref="ConnectAsync"/> is called.</summary>
    /// <param name="address">The endpoint: an absolute address with the scheme http, https, ws, or wss.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <exception cref="ArgumentException">The address or an option is invalid.</exception>
    public ChatClient(Uri address, ChatClientOptions? options = null)
        : base(Create(address, options), null)
    {
    }

    /// <summary>The state.</summary>
    public ChatState State => Session.Connector.State;

    /// <summary>The id of the client's user, as the server states it; null if it is anonymous or not known yet.</summary>
    public string? User => Session.Connector.User is { Length: > 0 } user ? user : null;

    /// <summary>The name of the home room; null before the first connection.</summary>
    public string? HomeRoom => Session.Home;

    /// <summary>How the client is connected; null if it isn't.</summary>
    public ChatTransport? Transport => Session.Connector.Current is { Welcome: not null } link ? link.Kind : null;

    /// <summary>
    /// Connects, and returns when the client has caught up with its home room. The client tries again forever, also the first time, and
    /// reconnects by itself. Call this method again to connect now instead of waiting for the next attempt, or instead of staying closed.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait. The client continues to connect.</param>
    /// <exception cref="ChatException">
    /// The server has closed the connection for good, or has refused the client three times in a row. See <see cref="ChatException.CloseCode"/>.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public async Task ConnectAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Session.IsDisposed, this);
        await Session.Outbox.LoadAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        Task live;
        lock (Session.Gate)
        {
            if (State is ChatState.NotConnected or ChatState.Closed || (State == ChatState.Reconnecting && Session.Connector.Current is null))
                Session.Connector.Open();
            live = Session.Connector.Live.Task;
        }

        await live.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Joins a room, on endpoints that allow it (<c>AllowClientJoins</c>), and returns when the server has let the client in. Returns the same
    /// object for the same room until the client leaves it.
    /// </summary>
    /// <param name="room">The name of the room.</param>
    /// <param name="cancellationToken">Ends the wait. The client continues to join the room.</param>
    /// <exception cref="ChatException">The server refused the join, for example with <see cref="ChatErrorCodes.Forbidden"/>.</exception>
    public async Task<JoinedRoom> JoinAsync(string room, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(room);
        Membership membership;
        lock (Session.Gate)
        {
            ObjectDisposedException.ThrowIf(Session.IsDisposed, this);
            membership = Session.Rooms.Entrance.Join(room, state => new JoinedRoom(Session, state)).Membership!;
        }

        await membership.Entered.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return membership.Room!;
    }

    /// <summary>Leaves a room that the client has joined, like <see cref="JoinedRoom.LeaveAsync"/>.</summary>
    /// <param name="room">The name of the room.</param>
    /// <param name="cancellationToken">Ends the wait for the server's answer.</param>
    public Task LeaveAsync(string room, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(room);
        lock (Session.Gate)
        {
            return Session.Rooms.Find(room) is { } state
                ? Session.Rooms.Entrance.LeaveAsync(state).WaitAsync(cancellationToken)
                : Task.CompletedTask;
        }
    }

    /// <summary>
    /// Closes the connection, and waits for the server for at most <see cref="ChatClientOptions.CloseTimeout"/>. Pending messages fail: with
    /// <see cref="ChatErrorCodes.Stored"/> if the next client sends them, and otherwise with <see cref="ChatErrorCodes.Closed"/>, or with
    /// <see cref="ChatErrorCodes.Unknown"/> if they were sent.
    /// </summary>
    public async ValueTask DisposeAsync() => await Session.DisposeAsync().ConfigureAwait(false);

    /// <summary>The number of messages that the server hasn't acknowledged.</summary>
    internal int PendingCount
    {
        get
        {
            lock (Session.Gate)
                return Session.Outbox.Count;
        }
    }

    /// <summary>The number of messages that the client already had.</summary>
    internal long Repeated
    {
        get
        {
            lock (Session.Gate)
                return Session.Repeated;
        }
    }

    /// <summary>Ends the connection as a network failure would, for tests.</summary>
    internal void Abort()
    {
        lock (Session.Gate)
            Session.Connector.Current?.Break();
    }

    private static Session Create(Uri address, ChatClientOptions? options)
    {
        ArgumentNullException.ThrowIfNull(address);
        return new Session(new Settings(address, options ?? new ChatClientOptions()));
    }
}

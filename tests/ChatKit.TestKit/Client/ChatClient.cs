using System.Net.WebSockets;
using System.Threading.Channels;
using ChatKit.Client.Connections;
using Product = ChatKit.Client;

namespace ChatKit.TestKit.Client;

/// <summary>
/// The client of the package ChatKit.Client with what tests need besides: another server for each request, slow readers, and aborts. It states
/// positions as the server does.
/// </summary>
public sealed class ChatClient : IAsyncDisposable, IClientProbe
{
    private readonly ChatClientOptions _options;
    private readonly RoutedInvoker _invoker;
    private readonly Product.ChatClient _client;
    private readonly Channel<ChatEvent> _events = Channel.CreateUnbounded<ChatEvent>();
    private readonly Dictionary<string, Task<Product.JoinedRoom>> _rooms = [];
    private volatile int _state = (int)ClientState.Connecting;

    private ChatClient(ChatClientOptions options)
    {
        _options = options;
        _invoker = new RoutedInvoker(options);
        _client = new Product.ChatClient(RoutedInvoker.Address, options.ToProduct(_invoker, this));
        _ = _client.ConnectAsync().ContinueWith(static failed => failed.Exception, TaskScheduler.Default);
    }

    /// <summary>The events in order. They end when the client is closed for good.</summary>
    public ChannelReader<ChatEvent> Events => _events.Reader;

    public ClientState State => (ClientState)_state;

    /// <summary>Whether the client has caught up in its home room on the current connection.</summary>
    public bool IsLive => _client.State == Product.ChatState.Live;

    /// <summary>The number of unacknowledged messages.</summary>
    public int Unacknowledged => _client.PendingCount;

    /// <summary>The number of messages that the server sent although the client already had them.</summary>
    public long Dropped => _client.Repeated;

    /// <summary>Starts to connect.</summary>
    public static ChatClient Start(ChatClientOptions options) => new(options);

    /// <summary>Sends a text when there is a connection, and again until the server has acknowledged it.</summary>
    /// <exception cref="SendFailedException">The server refused the message, or its outcome is unknown.</exception>
    public Task<Ack> SendAsync(string text) => AwaitAsync(_client.SendAsync(text));

    /// <summary>Edits a message of the home room, like <see cref="SendAsync"/>, and in order with it.</summary>
    /// <exception cref="SendFailedException">The server refused the edit, or its outcome is unknown.</exception>
    public Task<Ack> EditAsync(string position, string text) =>
        AwaitAsync(WithPosition(_client.EditAsync(Product.MessagePosition.Parse(position), text), position));

    /// <summary>Deletes a message of the home room, like <see cref="SendAsync"/>, and in order with it.</summary>
    /// <exception cref="SendFailedException">The server refused the deletion, or its outcome is unknown.</exception>
    public Task<Ack> DeleteAsync(string position) =>
        AwaitAsync(WithPosition(_client.DeleteAsync(Product.MessagePosition.Parse(position)), position));

    /// <summary>Joins a room, also again after each reconnection, until <see cref="Leave"/> is called.</summary>
    public void Join(string room)
    {
        var joining = _client.JoinAsync(room);
        _ = joining.ContinueWith(static failed => failed.Exception, TaskScheduler.Default);
        lock (_rooms)
            _rooms[room] = joining;
    }

    /// <summary>Leaves a room that the client has joined. Everything that still arrives of it is ignored, and its position is forgotten.</summary>
    public void Leave(string room)
    {
        lock (_rooms)
            _rooms.Remove(room);
        _ = _client.LeaveAsync(room);
    }

    /// <summary>States how far the user has read a room. Returns false if there is no connection, or if the client isn't in the room.</summary>
    public bool Read(string room, string position) =>
        TryFind(room, out var conversation) && Do(() => conversation.MarkRead(Product.MessagePosition.Parse(position)));

    /// <summary>Sends a signal once. Returns false if there is no connection, or if the client isn't in the room.</summary>
    public bool Signal(string room, string name) => TryFind(room, out var conversation) && Do(() => conversation.Signal(name));

    /// <summary>Aborts the connection, as a network failure would. The client reconnects automatically.</summary>
    public void Abort() => _client.Abort();

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        _events.Writer.TryComplete();
        _invoker.Dispose();
    }

    void IClientProbe.OnWelcome()
    {
        _state = (int)ClientState.Connected;
        _events.Writer.TryWrite(new StateChanged(ClientState.Connected));
    }

    void IClientProbe.OnEntered(string room) => _events.Writer.TryWrite(new RoomJoined(room));

    void IClientProbe.OnEvent(Product.ChatEvent happened)
    {
        if (Translation.ToTest(happened) is { } translated)
        {
            if (translated is StateChanged { State: var state })
                _state = (int)state;
            _events.Writer.TryWrite(translated);
        }

        if (happened is Product.StateChanged { State: Product.ChatState.Closed })
            _events.Writer.TryComplete();
    }

    async Task IClientProbe.BeforeReceiveAsync(CancellationToken ending)
    {
        while (_events.Reader.Count >= _options.EventLimit)
            await Task.Delay(TimeSpan.FromMilliseconds(2), ending);
    }

    private static bool Do(Action action)
    {
        action();
        return true;
    }

    private static async Task<Product.MessagePosition> WithPosition(Task changing, string position)
    {
        await changing;
        return Product.MessagePosition.Parse(position);
    }

    private static async Task<Ack> AwaitAsync(Task<Product.MessagePosition> sending)
    {
        try
        {
            var position = await sending;
            return new Ack(position == Product.MessagePosition.None ? null : position.ToString());
        }
        catch (Product.ChatException e)
        {
            var isNotSent = e.Code is Product.ChatErrorCodes.Closed or Product.ChatErrorCodes.TooBig;
            throw new SendFailedException(isNotSent ? SendFailedException.NotSent : e.Code, e.Message);
        }
        catch (ObjectDisposedException e)
        {
            throw new SendFailedException(SendFailedException.NotSent, e.Message);
        }
    }

    private bool TryFind(string room, out Product.ChatConversation conversation)
    {
        conversation = _client;
        if (State != ClientState.Connected)
            return false;
        if (room == _client.HomeRoom)
            return true;
        lock (_rooms)
        {
            if (!_rooms.TryGetValue(room, out var joining) || !joining.IsCompletedSuccessfully)
                return false;
            conversation = joining.Result;
            return true;
        }
    }
}

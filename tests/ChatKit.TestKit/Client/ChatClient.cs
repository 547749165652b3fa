using System.Net.WebSockets;
using System.Threading.Channels;

namespace ChatKit.TestKit.Client;

/// <summary>
/// A client of the protocol <c>chatkit.v1</c> with all of its guarantees: it reconnects and resumes, does not lose, duplicate, or reorder
/// messages, and reports gaps.
/// </summary>
public sealed class ChatClient : IAsyncDisposable
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    private readonly ChatClientOptions _options;
    private readonly Outbox _outbox;
    private readonly Reconnecting _reconnecting;
    private readonly Channel<ChatEvent> _events;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ClientRooms _rooms = new();
    private readonly SemaphoreSlim _toSend = new(0);
    private readonly Task _running;
    private Transport? _transport;
    private string? _home;
    private int _pongs;
    private long _dropped;
    private volatile bool _live;

    private ChatClient(ChatClientOptions options)
    {
        (_options, _outbox, _reconnecting) = (options, new Outbox(options), new Reconnecting(options));
        _events = options.EventLimit is { } limit
            ? Channel.CreateBounded<ChatEvent>(limit)
            : Channel.CreateUnbounded<ChatEvent>();
        _running = Task.Run(RunAsync);
    }

    /// <summary>The events in order. They end when the client is closed for good.</summary>
    public ChannelReader<ChatEvent> Events => _events.Reader;

    public ClientState State { get; private set; }

    /// <summary>Whether the client has caught up in its home room on the current connection.</summary>
    public bool IsLive => _live;

    /// <summary>The number of unacknowledged messages.</summary>
    public int Unacknowledged => _outbox.Count;

    /// <summary>The number of messages that the server sent although the client already had them.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Starts to connect.</summary>
    public static ChatClient Start(ChatClientOptions options) => new(options);

    /// <summary>The last position that the client has in a room; null if it has none.</summary>
    public string? PositionIn(string room) => _rooms.PositionIn(room);

    /// <summary>Sends a text when there is a connection, and again until the server has acknowledged it.</summary>
    /// <exception cref="SendFailedException">The server refused the message, or its outcome is unknown.</exception>
    public Task<Ack> SendAsync(string text) => AddAsync(reference => ClientFrame.Message(reference, text));

    /// <summary>Edits a message of the home room, like <see cref="SendAsync"/>, and in order with it.</summary>
    /// <exception cref="SendFailedException">The server refused the edit, or its outcome is unknown.</exception>
    public Task<Ack> EditAsync(string position, string text) => AddAsync(reference => ClientFrame.Edit(reference, position, text));

    /// <summary>Deletes a message of the home room, like <see cref="SendAsync"/>, and in order with it.</summary>
    /// <exception cref="SendFailedException">The server refused the deletion, or its outcome is unknown.</exception>
    public Task<Ack> DeleteAsync(string position) => AddAsync(reference => ClientFrame.Delete(reference, position));

    /// <summary>Joins a room, also again after each reconnection, until <see cref="Leave"/> is called.</summary>
    public void Join(string room)
    {
        _rooms.Join(room);
        Wake();
    }

    /// <summary>Leaves a room that the client has joined. Everything that still arrives of it is ignored, and its position is forgotten.</summary>
    public void Leave(string room)
    {
        _rooms.Leave(room);
        Wake();
    }

    /// <summary>Sends once how far the user has read a room. Returns false if there is no connection.</summary>
    public bool Read(string room, string position) => Send(ClientFrame.Read(room, position));

    /// <summary>Sends a signal once. Returns false if there is no connection.</summary>
    public bool Signal(string room, string name) => Send(ClientFrame.Signal(room, name));

    /// <summary>Aborts the connection, as a network failure would. The client reconnects automatically.</summary>
    public void Abort() => Volatile.Read(ref _transport)?.Abort();

    public async ValueTask DisposeAsync()
    {
        if (Volatile.Read(ref _transport) is { } transport)
        {
            using var limit = new CancellationTokenSource(CloseTimeout);
            await transport.CloseAsync(limit.Token);
        }

        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        Exception? fault = null;
        try
        {
            while (await ConnectOnceAsync())
            {
            }
        }
        catch (Exception e)
        {
            fault = _stopping.IsCancellationRequested ? null : e;
        }

        State = ClientState.Closed;
        _outbox.End();
        _events.Writer.TryComplete(fault);
    }

    /// <summary>Runs one connection to its end, and waits before the next one. Returns false if the client stays closed.</summary>
    private async Task<bool> ConnectOnceAsync()
    {
        await ChangeAsync(ClientState.Connecting);
        _outbox.FailExpired();
        var (code, reason) = await RunConnectionAsync();
        _live = false;
        if (_reconnecting.DelayAfter(code) is not { } delay)
        {
            await ChangeAsync(ClientState.Closed, code, reason);
            return false;
        }

        await ChangeAsync(ClientState.Waiting, code, reason);
        await Task.Delay(delay, _stopping.Token);
        return true;
    }

    /// <summary>Returns the close code of the connection; null if it was lost or not established.</summary>
    private async Task<(WebSocketCloseStatus? Code, string? Reason)> RunConnectionAsync()
    {
        using var transport = Transport.Create(_options, _rooms, _stopping.Token);
        try
        {
            var address = await _options.NextAddress(_stopping.Token);
            using (var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token))
            {
                limit.CancelAfter(_options.ConnectTimeout);
                await transport.ConnectAsync(address, limit.Token);
            }

            if (transport.Close.Code is not null)
                return transport.Close;
            Volatile.Write(ref _transport, transport);
            await RunConnectedAsync(transport);
            return transport.Close;
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested && Transport.IsFailure(e))
        {
            return (null, e.Message);
        }
        finally
        {
            Volatile.Write(ref _transport, null);
        }
    }

    private async Task RunConnectedAsync(Transport transport)
    {
        var writing = WriteAsync(transport);
        try
        {
            await foreach (var frame in transport.ReceiveAsync())
                await TakeAsync(frame);
        }
        finally
        {
            transport.Abort();
            await writing;
            _outbox.Close();
            _rooms.Close();
        }
    }

    private ValueTask TakeAsync(ServerFrame frame)
    {
        switch (frame.Type)
        {
            case "welcome":
                return OnWelcomeAsync(frame);
            case "message":
                return OnMessageAsync(frame);
            case "gap":
                return OnGapAsync(new GapFound(frame.Room!, frame.After!, frame.Next, frame.Missed, frame.Reset));
            case "live":
                return OnLiveAsync(frame);
            case "change" when _rooms.TryTakeChange(frame.Room!, frame.Revision):
                return RaiseAsync(
                    new MessageChanged(frame.Room!, frame.Position!, frame.Revision, frame.Data, frame.Base64, frame.Deleted));
            case "read" when _rooms.IsIn(frame.Room!):
                return RaiseAsync(new ReadMoved(frame.Room!, frame.User!, frame.Position!));
            case "signal" when _rooms.IsIn(frame.Room!):
                return RaiseAsync(new SignalReceived(frame.Room!, frame.From, frame.Name!, frame.Data));
            case "ack" when _rooms.Acknowledge(frame.Ref) is { } room:
                return RaiseAsync(new RoomJoined(room));
            case "ack":
                _outbox.Acknowledge(new Ack(frame.Ref!, frame.Room, frame.Position));
                Wake();
                break;
            case "error" when _rooms.Refuse(frame.Ref) is { } room:
                return RaiseAsync(new JoinRefused(room, frame.Code!));
            case "error" when frame.Code == "unavailable":
                _outbox.HoldBack(frame.Ref);
                Wake();
                break;
            case "error" when frame.Code == "rate_limited":
                _outbox.TakeBack(frame.Ref);
                _reconnecting.OnRateLimited(frame.Retry);
                break;
            case "error":
                _outbox.Refuse(frame.Ref, frame.Code!, frame.Text!);
                Wake();
                break;
            case "restart":
                _reconnecting.OnRestart(TimeSpan.FromSeconds(frame.Retry!.Value));
                break;
            case "ping":
                Interlocked.Increment(ref _pongs);
                Wake();
                break;
        }

        return ValueTask.CompletedTask;
    }

    private ValueTask OnWelcomeAsync(ServerFrame frame)
    {
        var transport = _transport!;
        _home = frame.Room;
        transport.Silence.Limit = frame.Ping > 0 ? TimeSpan.FromSeconds(2 * frame.Ping) : Timeout.InfiniteTimeSpan;
        _outbox.Open(frame.Limit, transport.KeepsOrder);
        _rooms.Open();
        Wake();
        return ChangeAsync(ClientState.Connected);
    }

    private async ValueTask OnMessageAsync(ServerFrame frame)
    {
        if (frame is { Room: { } room, Position: { } position })
        {
            if (!_rooms.TryTake(room, MessagePosition.Parse(position), out var gaps))
            {
                if (_rooms.IsIn(room))
                    Interlocked.Increment(ref _dropped);
                return;
            }

            foreach (var gap in gaps)
                await RaiseAsync(gap);
        }

        await RaiseAsync(new MessageReceived(
            frame.Room, frame.Position, frame.From, frame.At, frame.Data, frame.Base64, frame.Edited is not null, frame.Deleted));
    }

    private ValueTask OnGapAsync(GapFound gap) => _rooms.TryTake(gap) ? RaiseAsync(gap) : ValueTask.CompletedTask;

    private async ValueTask OnLiveAsync(ServerFrame frame)
    {
        var room = frame.Room!;
        if (!_rooms.TryTakeLive(room, frame.Position!, frame.Revision, out var gaps))
            return;
        foreach (var gap in gaps)
            await RaiseAsync(gap);
        await RaiseAsync(new BecameLive(room, frame.Position!, frame.Recovered, frame.Revision, frame.Read, frame.Unread));
        _reconnecting.OnLive();
        _live |= room == _home;
    }

    private Task<Ack> AddAsync(Func<string, ClientFrame> frame)
    {
        var sending = _outbox.Add(frame);
        Wake();
        return sending;
    }

    private bool Send(ClientFrame frame)
    {
        var isSent = _rooms.TrySend(frame);
        Wake();
        return isSent;
    }

    /// <summary>The only writer of a connection. Ends the connection if it cannot write.</summary>
    private async Task WriteAsync(Transport transport)
    {
        try
        {
            while (true)
            {
                if (Interlocked.Exchange(ref _pongs, 0) > 0)
                    await transport.SendAsync(ClientFrame.Pong);
                if (_rooms.TakeFrame() is { } once)
                    await transport.SendAsync(once);
                else if (_outbox.TryTakeNext(out var frame, out var wait, out var stuck))
                    await transport.SendAsync(frame);
                else if (stuck)
                    break;
                else
                    await _toSend.WaitAsync(wait, transport.Ending);
            }
        }
        catch (Exception e) when (Transport.IsFailure(e))
        {
            // The end of the connection notifies the reader.
        }

        transport.Abort();
    }

    private void Wake()
    {
        if (_toSend.CurrentCount == 0)
            _toSend.Release();
    }

    private async ValueTask ChangeAsync(ClientState state, WebSocketCloseStatus? code = null, string? reason = null)
    {
        State = state;
        await RaiseAsync(new StateChanged(state, code, reason));
    }

    private ValueTask RaiseAsync(ChatEvent happened) => _events.Writer.WriteAsync(happened, _stopping.Token);
}

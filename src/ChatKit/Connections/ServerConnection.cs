using System.Collections.ObjectModel;
using System.Globalization;
using System.Net.WebSockets;
using System.Security.Claims;
using ChatKit.ChatKitV1;
using ChatKit.Connections.Transport;
using ChatKit.Rooms;
using ChatKit.WebSockets;

namespace ChatKit.Connections;

/// <summary>A connection of a real client: what its handler and its rooms can do with it.</summary>
internal sealed class ServerConnection : WebSocketConnection, IRoomClient, IDisposable
{
    /// <summary>1012, service restart, of the registry that RFC 6455 section 11.7 has set up.</summary>
    private const WebSocketCloseStatus Restarting = (WebSocketCloseStatus)1012;

    private readonly WebSocketConnectionInfo _info;
    private readonly ConnectionServices _services;
    private readonly int? _homeCapacity;
    private readonly CancellationTokenSource _aborted = new();
    private readonly ConnectionRooms _rooms;
    private readonly Lock _gate = new();
    private CloseInfo? _close;
    private ITimer? _closeTimer;
    private Task? _aborting;
    private IServiceProvider? _scope;
    private bool _over;
    private bool _closedHere;
    private long _bytesReceived;

    public ServerConnection(
        FrameTransport transport, WebSocketConnectionInfo info, WebSocketConnectionOptions options, ConnectionServices services)
    {
        _info = info;
        _services = services;
        _homeCapacity = options.HistoryCapacity;
        UserId = info.UserId;
        OpenedAt = services.Clock.GetUtcNow();
        Aborted = _aborted.Token;
        if (info.Deflate)
            Format = info.DeflateWindowBits < WebSocketConnectionInfo.LargestWindowBits ? WireFormat.SmallWindow : WireFormat.Compressed;
        if (info.Subprotocol == ChatKitSubprotocol.V1)
            Format |= WireFormat.V1;
        PresentAs = options.TrackPresence ? UserId ?? Id : null;
        _rooms = new ConnectionRooms(
            this,
            services.Rooms,
            services.Options.MaxRoomsPerConnection,
            SpeaksV1 ? info.ResumeAfter : ReadOnlyDictionary<string, MessagePosition>.Empty);
        Outbound = new OutboundQueue(transport, options.OutboundQueueLimit, ConnectionLost);
    }

    /// <summary>Who says which rooms the client may be in. There before anybody else knows of the connection.</summary>
    public WebSocketHandler? Handler { get; set; }

    public override string Id => _info.Id;

    public override string Room => _info.Room;

    public override ClaimsPrincipal User => _info.User;

    public override string? UserId { get; }

    /// <summary>When the connection began.</summary>
    public DateTimeOffset OpenedAt { get; }

    public override IReadOnlyDictionary<string, object?> RouteValues => _info.RouteValues;

    public override string? Subprotocol => _info.Subprotocol;

    public override IDictionary<object, object?> Items => field ??= new Dictionary<object, object?>(_info.Items);

    public override IServiceProvider Services => _scope ?? base.Services;

    public override CancellationToken Aborted { get; }

    public IReadOnlyCollection<string> FormerIds => SpeaksV1 ? _info.FormerIds : [];

    public WireFormat Format { get; }

    public string? PresentAs { get; }

    /// <summary>Whether the client speaks <see cref="ChatKitSubprotocol.V1"/>.</summary>
    public bool SpeaksV1 => (Format & WireFormat.V1) != 0;

    public OutboundQueue Outbound { get; }

    /// <summary>How many bytes of frames the client has sent so far.</summary>
    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    IOutbound IRoomClient.Outbound => Outbound;

    /// <summary>Whether this side has closed the connection: what the client still sends is not handled.</summary>
    public bool ClosedHere => Volatile.Read(ref _closedHere);

    public override ValueTask SendAsync(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return SendAsync(WebSocketFrame.Text(text, out var payload), payload);
    }

    public override ValueTask SendAsync(ReadOnlyMemory<byte> data) =>
        SendAsync(WebSocketFrame.Create(WebSocketMessageType.Binary, data.Span, out var payload), payload);

    /// <summary>Waits until a frame that is not compressed was taken for sending.</summary>
    /// <exception cref="WebSocketClosedException">The connection is closed.</exception>
    public async ValueTask EnqueueAsync(byte[] frame)
    {
        var ready = Format.Compress(frame);
        EnqueueResult result;
        while ((result = Outbound.TryEnqueue(ready)) == EnqueueResult.Full)
            await Outbound.WaitForSpaceAsync(ready.Length).ConfigureAwait(false);

        if (result == EnqueueResult.Closed)
            throw new WebSocketClosedException();
    }

    public override ValueTask BroadcastAsync(string text, BroadcastOptions? options = null) => WithoutResult(PublishAsync(text, options));

    public override ValueTask BroadcastAsync(ReadOnlyMemory<byte> data, BroadcastOptions? options = null) =>
        WithoutResult(PublishAsync(data, options));

    public override ValueTask<MessagePosition?> PublishAsync(string text, BroadcastOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return PublishAsync(Outgoing.Text(text, _services.Clock.GetUtcNow(), this, options?.Audience ?? default), options);
    }

    public override ValueTask<MessagePosition?> PublishAsync(ReadOnlyMemory<byte> data, BroadcastOptions? options = null) =>
        PublishAsync(Outgoing.Binary(data.Span, _services.Clock.GetUtcNow(), this, options?.Audience ?? default), options);

    public override ValueTask JoinAsync(string room)
    {
        RoomName.ThrowIfInvalid(room);
        return EnterAsync(room, room == Room ? HomeCapacity : _services.Options.HistoryCapacity);
    }

    public override ValueTask LeaveAsync(string room)
    {
        ArgumentNullException.ThrowIfNull(room);
        _rooms.Leave(room);
        return ValueTask.CompletedTask;
    }

    public override ValueTask CloseAsync(WebSocketCloseStatus status, string? reason = null)
    {
        CloseArguments.ThrowIfInvalid(status, reason);
        CloseHere(status, reason);
        return ValueTask.CompletedTask;
    }

    public void Disconnect(WebSocketCloseStatus status, string? reason) => CloseHere(status, reason);

    /// <summary>Gives the connection the services of its scope, before its handler is created.</summary>
    public void Open(IServiceProvider scope) => _scope = scope;

    /// <summary>Bytes of frames have come. To be called by whoever reads, and nobody else.</summary>
    public void CountReceived(long bytes) => Volatile.Write(ref _bytesReceived, _bytesReceived + bytes);

    /// <summary>
    /// Enters the room in which everything for this user arrives, and the home room. In that order: a user who is thrown out while
    /// the handler thinks about the home room hears of it. Closes the connection if it may not be in its home room.
    /// </summary>
    public async ValueTask EnterHomeAsync()
    {
        if (UserId is { } user)
            await _rooms.EnterOwnAsync(RoomName.OfUser(user)).ConfigureAwait(false);
        try
        {
            await EnterAsync(Room, HomeCapacity).ConfigureAwait(false);
        }
        catch (RoomAccessDeniedException)
        {
            CloseHere(WebSocketCloseStatus.PolicyViolation, "not allowed in this room");
        }
    }

    /// <summary>The client says up to where it has the messages of rooms. Counts for each when the connection next enters it.</summary>
    public void Resume(IReadOnlyDictionary<string, MessagePosition> after) => _rooms.Resume(after);

    public void LeaveAll() => _rooms.LeaveAll();

    /// <summary>This side closes. Nothing happens if either side has closed before.</summary>
    public void CloseHere(WebSocketCloseStatus status, string? reason, Exception? exception = null) =>
        CloseHere(new CloseInfo(status, reason, WasClean: false, exception), lastWords: default);

    /// <summary>This side closes, because the node stops. Who can be told is told when to come back: not all at once.</summary>
    public void CloseForRestart() => CloseHere(
        new CloseInfo(Restarting, "the server is restarting", WasClean: false),
        SpeaksV1 ? V1Frames.Restart(Random.Shared.NextDouble() * _services.Options.ReturnTime) : default);

    /// <summary>The client has sent no message for as long as it may.</summary>
    public void CloseIdle(TimeSpan time) =>
        CloseHere(WebSocketCloseStatus.NormalClosure, string.Create(CultureInfo.InvariantCulture, $"idle for {time.TotalSeconds:0.###} s"));

    /// <summary>The client has closed, or has answered our close frame.</summary>
    /// <returns>Whether the client was the first. Its close frame is then still to be answered, by <see cref="SendClose"/>.</returns>
    public bool ClosedByClient(WebSocketCloseStatus code, string? reason)
    {
        if (TryEnd(new CloseInfo(code, reason, WasClean: true)))
            return true;

        // Whoever closes on this side may not have got as far as sending it, and once this returns the connection may end.
        if (WebSocketFrame.MaySend(Close.Code))
            Outbound.EnqueueControl(WebSocketFrame.Close(Close.Code, Close.Reason));
        _close = Close with { WasClean = true };
        return false;
    }

    /// <summary>The client has broken the protocol, or sent too much.</summary>
    /// <returns>Whether the connection ends for that, and the client is still to be told, by <see cref="SendClose"/>.</returns>
    public bool EndForFault(ProtocolFault fault)
    {
        var exception = new WebSocketException(WebSocketError.Faulted, $"The server closed the connection: {fault.Problem}.");
        return TryEnd(new CloseInfo(fault.Code, fault.Problem, WasClean: false, exception));
    }

    /// <summary>Sends the close frame to a client that has ended the connection: its own code back, or what was wrong.</summary>
    public void SendClose()
    {
        LimitClosing();
        Outbound.EnqueueControl(WebSocketFrame.Close(Close.Code, Close.WasClean ? null : Close.Reason));
    }

    /// <summary>The client is gone without a close frame.</summary>
    public void ConnectionLost(Exception? exception)
    {
        TryEnd(new CloseInfo(CloseInfo.Abnormal, null, WasClean: false, exception));
        Abort();
    }

    /// <summary>Nothing goes to or comes from the client any more.</summary>
    public void Abort()
    {
        Outbound.End();
        lock (_gate)
        {
            // Once the connection is over the host may have given its transport to somebody else.
            if (_over)
                return;
            _aborting ??= _aborted.CancelAsync();
            _info.Abort();
        }
    }

    /// <summary>Tells a busy handler that its client is gone.</summary>
    public Task SignalAbortedAsync()
    {
        lock (_gate)
            return _aborting ??= _aborted.CancelAsync();
    }

    /// <summary>Whether either side has closed, or the client is gone.</summary>
    public bool HasEnded => Volatile.Read(ref _close) is not null;

    /// <summary>How the connection has ended, once it has.</summary>
    public CloseInfo Close => _close ?? new CloseInfo(CloseInfo.Abnormal, null, WasClean: false);

    public void Dispose()
    {
        Outbound.End();
        lock (_gate)
        {
            _over = true;
            _closeTimer?.Dispose();
            _aborted.Dispose();
        }
    }

    private void CloseHere(CloseInfo close, ReadOnlyMemory<byte> lastWords)
    {
        if (!TryEnd(close))
            return;

        Volatile.Write(ref _closedHere, true);
        LimitClosing();
        Outbound.EnqueueControl(WebSocketFrame.Close(close.Code, close.Reason), lastWords);
    }

    private int HomeCapacity => _homeCapacity ?? _services.Options.HistoryCapacity;

    /// <summary>The first end counts.</summary>
    private bool TryEnd(CloseInfo close) => Interlocked.CompareExchange(ref _close, close, null) is null;

    /// <summary>From now on the client has a limited time for the rest of the closing handshake.</summary>
    private void LimitClosing()
    {
        lock (_gate)
        {
            if (_over)
                return;
            _closeTimer ??= _services.Clock.CreateTimer(
                static connection => ((ServerConnection)connection!).Abort(), this, _services.Options.CloseTimeout, Timeout.InfiniteTimeSpan);
        }
    }

    private async ValueTask EnterAsync(string room, int replay)
    {
        try
        {
            await _rooms.JoinAsync(room, replay).ConfigureAwait(false);
        }
        catch (RoomAccessDeniedException)
        {
            _services.Logger.RoomDenied(Id, UserId, room);
            throw;
        }
    }

    private ValueTask SendAsync(byte[] plain, ReadOnlyMemory<byte> payload)
    {
        MessageSize.ThrowIfTooLarge(payload.Length);
        return EnqueueAsync(SpeaksV1 ? V1Frames.Direct(WebSocketFrame.DataType(plain), payload, _services.Clock.GetUtcNow()) : plain);
    }

    private ValueTask<MessagePosition?> PublishAsync(ChatMessage message, BroadcastOptions? options)
    {
        var room = options?.Room ?? Room;
        RoomName.ThrowIfInvalid(room, nameof(options));
        int? capacity = options?.Store == false ? 0 : room == Room ? HomeCapacity : _services.Options.CapacityElsewhere;
        return _services.Publisher.PublishAsync(room, message, capacity);
    }

    private static ValueTask WithoutResult(ValueTask<MessagePosition?> publishing)
    {
        if (!publishing.IsCompletedSuccessfully)
            return new ValueTask(publishing.AsTask());
        _ = publishing.Result;
        return ValueTask.CompletedTask;
    }
}

using System.Collections.ObjectModel;
using System.Globalization;
using System.Net.WebSockets;
using System.Security.Claims;
using System.Text.Json.Serialization.Metadata;
using ChatKit.ChatKitV1;
using ChatKit.Connections.Inbound;
using ChatKit.Connections.Transport;
using ChatKit.Rooms;
using ChatKit.WebSockets;

namespace ChatKit.Connections;

/// <summary>The connection of a real client, as its handler and its rooms use it.</summary>
internal sealed partial class ServerConnection : WebSocketConnection, IRoomJoiner, IDialogClient, INodeConnection, IKeptAlive, IDisposable
{
    /// <summary>1012, service restart, from the registry of RFC 6455 section 11.7.</summary>
    private const WebSocketCloseStatus Restarting = (WebSocketCloseStatus)1012;

    /// <summary>The number of messages that are read ahead of a busy handler before the client has to wait.</summary>
    private const int InboxLimit = 16;

    private readonly ClientTransport _transport;
    private readonly WebSocketConnectionInfo _info;
    private readonly ConnectionServices _services;
    private readonly int? _homeCapacity;
    private readonly long _openedAt;
    private readonly int _replayLimit;
    private readonly ConnectionRooms _rooms;
    private Presentation _presentation;
    private IServiceProvider? _scope;
    private bool _isRestartAnnounced;

    public ServerConnection(
        ClientTransport transport, WebSocketConnectionInfo info, WebSocketConnectionOptions options, ConnectionServices services)
    {
        (_transport, _info, _services) = (transport, info, services);
        (_homeCapacity, QueueLimit) = (options.HistoryCapacity, options.OutboundQueueLimit);
        _replayLimit = Math.Min(options.ReplayLimit, transport.Replay ?? int.MaxValue);
        AllowsClientJoins = options.AllowClientJoins;
        (TracksReads, _sharesReads) = (options.TrackReads && SpeaksV1, options.ShareReads);
        UserId = info.UserId;
        _openedAt = services.Clock.GetUtcNow().UtcTicks;
        _presentation = new Presentation(options.TrackPresence && !transport.IsShort ? UserId ?? Id : null);
        _rooms = new ConnectionRooms(
            this,
            services.Rooms,
            services.Options.MaxRoomsPerConnection,
            SpeaksV1 ? info.ResumeAfterWithRevisions() : ReadOnlyDictionary<string, StreamPosition>.Empty);
        End = new ConnectionEnd(transport, info.Abort, services);
        Aborted = End.Aborted;
    }

    /// <summary>Decides which rooms the client may join. Set before the connection is visible to others.</summary>
    public WebSocketHandler? Handler { get; set; }

    public override string Id => _info.Id;

    public override string Room => _info.Room;

    public override ClaimsPrincipal User => _info.User;

    public override string? UserId { get; }

    /// <summary>When the connection began.</summary>
    public DateTimeOffset OpenedAt => new(_openedAt, TimeSpan.Zero);

    public override IReadOnlyDictionary<string, object?> RouteValues => _info.RouteValues;

    public override string? Subprotocol => _info.Subprotocol;

    public override ChatTransports Transport => _transport.Kind;

    public override IDictionary<object, object?> Items => field ??= new Dictionary<object, object?>(_info.Items);

    public override IServiceProvider Services => _scope ?? base.Services;

    public override CancellationToken Aborted { get; }

    public IReadOnlyCollection<string> FormerIds => SpeaksV1 ? _info.FormerIds : [];

    public WireFormat Format => _transport.Format;

    public string? PresentAs => _presentation.Name;

    public string? PresenceData => _presentation.Json;

    public bool AllowsClientJoins { get; }

    public int QueueLimit { get; }

    /// <summary>Whether the client speaks <see cref="ChatKitSubprotocol.V1"/>.</summary>
    public bool SpeaksV1 => (Format & WireFormat.V1) != 0;

    public OutboundQueue Outbound => _transport.Outbound;

    public long BytesReceived => _transport.BytesReceived;

    public long BytesSent => Outbound.BytesWritten;

    public long BytesQueued => Outbound.BytesWaiting;

    IOutbound IRoomClient.Outbound => Outbound;

    IReadOnlyCollection<string> IOpenConnection.Rooms => RoomNames;

    /// <summary>The messages that the handler has not taken yet.</summary>
    public Inbox Inbox { get; } = new(InboxLimit);

    public IReadOnlyCollection<string> RoomNames => _rooms.Names();

    public uint Age => AgeAt(_services.Clock.GetUtcNow());

    /// <summary>Whether this side has closed the connection. Messages that the client still sends are not handled.</summary>
    public bool ClosedHere => End.IsClosedHere;

    /// <summary>The end of the connection.</summary>
    public ConnectionEnd End { get; }

    /// <summary>Notifies the host that the handler has opened.</summary>
    public void OnOpened()
    {
        var opened = _info.Opened;
        _info.Opened = null;
        opened?.Invoke();
    }

    public override ValueTask SendAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return SendAsync(WebSocketFrame.Text(text, out var payload), payload, cancellationToken);
    }

    public override ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) =>
        SendAsync(WebSocketFrame.Create(WebSocketMessageType.Binary, data.Span, out var payload), payload, cancellationToken);

    public override ValueTask SendJsonAsync(string json, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(json);
        var frame = WebSocketFrame.Text(json, out var payload);
        JsonPayload.ThrowIfInvalid(payload.Span, nameof(json));
        return SendAsync(frame, payload, cancellationToken, isJson: true);
    }

    /// <summary>Waits until the queue has accepted an uncompressed frame. If this is canceled, the queue has not accepted the frame.</summary>
    /// <exception cref="WebSocketClosedException">The connection is closed.</exception>
    public async ValueTask EnqueueAsync(byte[] frame, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var ready = Format.Compress(frame);
        EnqueueResult result;
        while ((result = Outbound.TryEnqueue(ready)) == EnqueueResult.Full)
            await Outbound.WaitForSpaceAsync(ready.Length, cancellationToken).ConfigureAwait(false);

        if (result == EnqueueResult.Closed)
            throw new WebSocketClosedException();
    }

    public void EnqueueIgnoringLimit(ReadOnlyMemory<byte> frame) => Outbound.EnqueueIgnoringLimit(frame);

    public ValueTask<bool> AuthorizeRoomAsync(string room) => Handler!.AuthorizeRoomAsync(room);

    public override ValueTask SetPresenceAsync<T>(T data, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken)
    {
        if (_transport.IsShort)
            return ValueTask.CompletedTask; // Nobody sees it.
        _presentation.Set(data, typeInfo);
        _services.Rooms.Describe(this);
        return ValueTask.CompletedTask;
    }

    public ValueTask<OlderMessages> ReadBeforeAsync(string room, MessagePosition? before, int limit) =>
        _services.Rooms.ReadBeforeAsync(room, before, limit);

    public void OnRefused(string code) => _services.Metrics.RefusedFrame(code, V1Error.IsOfProtocol(code));

    public override ValueTask CloseAsync(WebSocketCloseStatus status, string? reason = null)
    {
        Close(status, reason);
        return ValueTask.CompletedTask;
    }

    public void Disconnect(WebSocketCloseStatus status, string? reason) => CloseHere(status, reason);

    public void Close(WebSocketCloseStatus status, string? reason)
    {
        CloseArguments.ThrowIfInvalid(status, reason);
        CloseHere(status, reason);
    }

    /// <summary>Sets the services of the connection's scope, before its handler is created.</summary>
    public void Open(IServiceProvider scope) => _scope = scope;

    /// <summary>The server closes the connection. Does nothing if it has ended.</summary>
    public void CloseHere(WebSocketCloseStatus status, string? reason, Exception? exception = null) =>
        End.CloseHere(new CloseInfo(status, reason, WasClean: false, exception));

    public bool TryAnnounceRestart(TimeSpan within)
    {
        if (!SpeaksV1 || _transport.IsShort)
            return false;
        _isRestartAnnounced = true;
        EnqueueIgnoringLimit(RestartFrame(within));
        return true;
    }

    public void CloseForRestart() => End.CloseHere(
        new CloseInfo(Restarting, "the server is restarting", WasClean: false),
        SpeaksV1 && !_isRestartAnnounced ? RestartFrame(_services.Options.ReturnTime) : default);

    public void OnLost(Exception exception) => End.OnLost(exception);

    public void CloseIdle(TimeSpan time) =>
        CloseHere(WebSocketCloseStatus.NormalClosure, string.Create(CultureInfo.InvariantCulture, $"idle for {time.TotalSeconds:0.###} s"));

    public void Abort() => End.Abort();

    public void Dispose() => End.Dispose();

    public int CapacityOf(string room) => (room == Room ? _homeCapacity : null) ?? _services.Options.HistoryCapacity;

    public int ReplayIn(string room) => Math.Min(CapacityOf(room), _replayLimit);

    /// <summary>The times are spread, so that not all clients connect at once.</summary>
    private static byte[] RestartFrame(TimeSpan within) => V1Frames.Restart(Random.Shared.NextDouble() * within);

    /// <summary>The age of the connection at a time, in milliseconds.</summary>
    private uint AgeAt(DateTimeOffset time) => (uint)Math.Clamp((time - OpenedAt).TotalMilliseconds, 0, uint.MaxValue);

    private ValueTask SendAsync(byte[] plain, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken, bool isJson = false)
    {
        MessageSize.ThrowIfTooLarge(payload.Length);
        var frame = SpeaksV1 ? V1Frames.Direct(WebSocketFrame.DataType(plain), payload, _services.Clock.GetUtcNow(), isJson) : plain;
        return EnqueueAsync(frame, cancellationToken);
    }
}

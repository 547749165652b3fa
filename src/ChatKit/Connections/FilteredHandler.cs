namespace ChatKit.Connections;

/// <summary>Calls the filters of an endpoint around a handler. The calls are composed once for each connection.</summary>
internal sealed class FilteredHandler : WebSocketHandler, IAsyncDisposable
{
    private readonly WebSocketHandler _handler;
    private readonly IReadOnlyList<Func<IServiceProvider, IWebSocketHandlerFilter>> _factories;
    private readonly IServiceProvider _scope;
    private readonly List<IWebSocketHandlerFilter> _filters = [];
    private Func<ValueTask> _open;
    private Func<WebSocketMessage, ValueTask> _message;
    private Func<EditRequest, ValueTask> _edit;
    private Func<DeleteRequest, ValueTask> _delete;
    private Func<RoomSignal, ValueTask> _signal;
    private Func<CloseInfo, ValueTask> _close;

    private FilteredHandler(
        WebSocketHandler handler, IReadOnlyList<Func<IServiceProvider, IWebSocketHandlerFilter>> factories, IServiceProvider scope)
    {
        (_handler, _factories, _scope) = (handler, factories, scope);
        (_open, _message, _close) = (handler.OnOpenAsync, handler.OnMessageAsync, handler.OnCloseAsync);
        (_edit, _delete, _signal) = (handler.OnEditAsync, handler.OnDeleteAsync, handler.OnSignalAsync);
    }

    /// <summary>Makes a factory of handlers add filters. The first filter is called first.</summary>
    public static Func<IServiceProvider, WebSocketHandler> Around(
        Func<IServiceProvider, WebSocketHandler> createHandler, IReadOnlyList<Func<IServiceProvider, IWebSocketHandlerFilter>> filters) =>
        filters.Count == 0 ? createHandler : scope => new FilteredHandler(createHandler(scope), filters, scope);

    /// <summary>Disposes of the handler, and then of the filters that were created.</summary>
    public async ValueTask DisposeAsync()
    {
        var failures = new List<Exception>();
        foreach (var owned in _filters.Prepend<object>(_handler))
        {
            try
            {
                await Owned.DisposeAsync(owned).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                failures.Add(e);
            }
        }

        if (failures.Count > 0)
            throw new AggregateException(failures);
    }

    /// <summary>Creates the filters. If one of them cannot be created, the owner disposes of the handler and of those before it.</summary>
    internal override void Attach(WebSocketConnection connection)
    {
        base.Attach(connection);
        _handler.Attach(connection);
        foreach (var factory in _factories)
            _filters.Add(factory(_scope));
        for (var i = _filters.Count - 1; i >= 0; i--)
            Wrap(_filters[i], connection);
    }

    protected internal override ValueTask OnOpenAsync() => _open();

    protected internal override ValueTask<bool> AuthorizeRoomAsync(string room) => _handler.AuthorizeRoomAsync(room);

    protected internal override ValueTask OnMessageAsync(WebSocketMessage message) => _message(message);

    protected internal override ValueTask OnEditAsync(EditRequest request) => _edit(request);

    protected internal override ValueTask OnDeleteAsync(DeleteRequest request) => _delete(request);

    protected internal override ValueTask OnSignalAsync(RoomSignal signal) => _signal(signal);

    protected internal override ValueTask OnCloseAsync(CloseInfo close) => _close(close);

    /// <summary>The message that a filter passes on. A new message has no room, and is for the room of the one that was received.</summary>
    private static WebSocketMessage InRoomOf(WebSocketMessage received, WebSocketMessage passed) =>
        passed.Room.Length == 0 ? passed.In(received.Room) : passed;

    private void Wrap(IWebSocketHandlerFilter filter, WebSocketConnection connection)
    {
        var (open, message, close, edit, delete, signal) = (_open, _message, _close, _edit, _delete, _signal);
        _open = () => filter.OnOpenAsync(connection, open);
        _message = received => filter.OnMessageAsync(connection, received, passed => message(InRoomOf(received, passed)));
        _edit = request => filter.OnEditAsync(connection, request, edit);
        _delete = request => filter.OnDeleteAsync(connection, request, delete);
        _signal = sent => filter.OnSignalAsync(connection, sent, signal);
        _close = info => filter.OnCloseAsync(connection, info, close);
    }
}

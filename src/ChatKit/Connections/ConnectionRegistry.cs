namespace ChatKit.Connections;

/// <summary>The connections of this node.</summary>
internal sealed class ConnectionRegistry
{
    private readonly Lock _gate = new();
    private readonly HashSet<ServerConnection> _connections = [];
    private TaskCompletionSource? _empty;

    public int Count
    {
        get
        {
            lock (_gate)
                return _connections.Count;
        }
    }

    /// <summary>Those that are there now, to be walked through while others come and go.</summary>
    public ServerConnection[] Snapshot()
    {
        lock (_gate)
            return [.. _connections];
    }

    /// <summary>Adds a connection. False if it is to be closed at once, because the node stops.</summary>
    public bool Add(ServerConnection connection)
    {
        lock (_gate)
        {
            _connections.Add(connection);
            return _empty is null;
        }
    }

    public void Remove(ServerConnection connection)
    {
        lock (_gate)
        {
            if (_connections.Remove(connection) && _connections.Count == 0)
                _empty?.TrySetResult();
        }
    }

    /// <summary>
    /// The node stops: whoever is added from now on is to be closed at once. Returns who is there, and a task that ends when nobody
    /// is any more.
    /// </summary>
    public (ServerConnection[] Connections, Task Empty) Close()
    {
        lock (_gate)
        {
            _empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_connections.Count == 0)
                _empty.TrySetResult();
            return ([.. _connections], _empty.Task);
        }
    }
}

namespace ChatKit.Connections;

/// <summary>The connections of this node.</summary>
internal sealed class ConnectionRegistry
{
    private readonly Lock _gate = new();
    private readonly HashSet<ServerConnection> _connections = [];

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

    public void Add(ServerConnection connection)
    {
        lock (_gate)
            _connections.Add(connection);
    }

    public void Remove(ServerConnection connection)
    {
        lock (_gate)
            _connections.Remove(connection);
    }
}

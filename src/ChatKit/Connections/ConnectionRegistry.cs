using ChatKit.Diagnostics;
using ChatKit.Rooms;
using ChatKit.Rooms.Events;

namespace ChatKit.Connections;

/// <summary>The connections of this node.</summary>
internal sealed class ConnectionRegistry
{
    private readonly Lock _gate = new();
    private readonly HashSet<INodeConnection> _connections = [];
    private TaskCompletionSource? _empty;
    private long _receivedByGone;
    private long _sentToGone;

    public ConnectionRegistry(ChatKitMetrics metrics, DisconnectLog disconnects)
    {
        metrics.Observe(AddUp);
        disconnects.Found += Execute;
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _connections.Count;
        }
    }

    /// <summary>Returns the current connections. The caller can enumerate them while others are added and removed.</summary>
    public INodeConnection[] Snapshot()
    {
        lock (_gate)
            return [.. _connections];
    }

    /// <summary>Adds a connection. Returns false if the caller must close it at once, because the node is stopping.</summary>
    public bool Add(INodeConnection connection)
    {
        lock (_gate)
        {
            _connections.Add(connection);
            return _empty is null;
        }
    }

    public void Remove(INodeConnection connection)
    {
        lock (_gate)
        {
            if (!_connections.Remove(connection))
                return;
            _receivedByGone += connection.BytesReceived;
            _sentToGone += connection.BytesSent;
            if (_connections.Count == 0)
                _empty?.TrySetResult();
        }
    }

    /// <summary>
    /// Stops accepting connections: <see cref="Add"/> returns false from now on. Returns the current connections, and a task that completes
    /// when all of them are removed.
    /// </summary>
    public (INodeConnection[] Connections, Task Empty) Close()
    {
        lock (_gate)
        {
            _empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_connections.Count == 0)
                _empty.TrySetResult();
            return ([.. _connections], _empty.Task);
        }
    }

    /// <summary>
    /// Closes the connections of a user that were opened up to a given time, or takes those out of a room that have joined it up to then,
    /// whatever state they are in.
    /// </summary>
    private void Execute(string userId, RoomEvent notice, DateTimeOffset until)
    {
        foreach (var connection in Snapshot())
        {
            if (connection.UserId != userId || connection.OpenedAt > until)
                continue;
            if (notice is UserCommand.Leave leave)
                connection.LeaveByServer(leave, until);
            else if (notice is DisconnectEvent disconnect)
                connection.Disconnect(disconnect.Status, disconnect.Reason);
        }
    }

    /// <summary>Adds up the totals of all connections. Each connection keeps its own count, so that counting costs nothing.</summary>
    private ConnectionTotals AddUp()
    {
        INodeConnection[] connections;
        long received, sent, queued = 0, largest = 0;
        lock (_gate)
            (connections, received, sent) = ([.. _connections], _receivedByGone, _sentToGone);
        foreach (var connection in connections)
        {
            var waiting = connection.BytesQueued;
            received += connection.BytesReceived;
            sent += connection.BytesSent;
            queued += waiting;
            largest = Math.Max(largest, waiting);
        }

        return new ConnectionTotals(connections.Length, received, sent, queued, largest);
    }
}

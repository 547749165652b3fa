using System.Diagnostics;
using System.Net;
using ChatKit.LoadTest.Generator.Http;

namespace ChatKit.LoadTest.Generator;

/// <summary>All connections, and the single thread that serves them.</summary>
internal sealed class Fleet : IDisposable
{
    /// <summary>The number of concurrent handshakes: fewer than the shortest backlog of the servers.</summary>
    private const int Handshakes = 128;

    /// <summary>Far more than a socket's buffer, so that one read takes everything.</summary>
    private const int BufferSize = 1024 * 1024;

    /// <summary>SignalR closes a connection that is silent for 30 seconds. Its own client uses this interval.</summary>
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(15);

    /// <summary>A server that does nothing for this long has failed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConnectionFactory _factory;
    private readonly Poller _poller = new();
    private readonly byte[] _buffer = GC.AllocateArray<byte>(BufferSize, pinned: true);
    private readonly List<PolledSocket> _sockets = [];
    private readonly List<Connection> _connections = [];
    private readonly PriorityQueue<Connection, long> _scheduled = new();
    private long _keepAliveSince;
    private long _keepAlives;

    public Fleet(IPEndPoint server, ConnectionFactory factory, IFleetListener listener)
    {
        (Server, _factory, Listener) = (server, factory, listener);
        Posts = new PostPool(this);
    }

    public IPEndPoint Server { get; }

    public IFleetListener Listener { get; }

    /// <summary>Sends the requests of clients that can't send over what they receive on.</summary>
    public PostPool Posts { get; }

    public IReadOnlyList<Connection> Connections => _connections;

    /// <summary>The number of open connections.</summary>
    public int Open { get; private set; }

    /// <summary>The number of connections that the server has ended.</summary>
    public int Ended { get; private set; }

    /// <summary>The reason for which the server ended the first of them.</summary>
    public string? FirstEnd { get; private set; }

    /// <summary>The number of HTTP requests that were sent.</summary>
    public long Requests { get; set; }

    /// <summary>The number of bytes that were sent and received.</summary>
    public long Bytes { get; set; }

    /// <summary>Adds a member to a room.</summary>
    public void Add(RoomMembers room)
    {
        var connection = _factory(this, room);
        _connections.Add(connection);
        room.Members.Add(connection);
    }

    /// <summary>Connects a socket and serves it from now on.</summary>
    public int Connect(PolledSocket socket)
    {
        var id = _sockets.Count;
        _sockets.Add(socket);
        var descriptor = ClientSocket.Connect(Server, id);
        _poller.Add(descriptor, id);
        return descriptor;
    }

    /// <summary>Opens all connections and returns when all are open.</summary>
    /// <param name="meanwhile">Serves other connections.</param>
    public void OpenAll(Action? meanwhile = null)
    {
        var next = 0;
        var deadline = new Deadline(Patience);
        while (Open < _connections.Count)
        {
            while (next < _connections.Count && next - Open < Handshakes)
                _connections[next++].Open();

            var before = Open;
            Poll(meanwhile is null ? 100 : 1);
            meanwhile?.Invoke();
            if (Open > before)
                deadline = new Deadline(Patience);
            deadline.ThrowIfPassed($"{Open} of {_connections.Count} connections are open; the server does not open the others. {FirstEnd}");
            if (Ended > 0)
                throw new IOException($"The server has ended a connection: {FirstEnd}");
        }

        _keepAliveSince = Stopwatch.GetTimestamp();
    }

    /// <summary>Closes all connections and returns when the server has ended all of them.</summary>
    public void CloseAll()
    {
        foreach (var connection in _connections)
            connection.Close();
        var deadline = new Deadline(Patience);
        while (_connections.Any(static connection => connection.IsConnected))
        {
            Poll(100);
            deadline.ThrowIfPassed("The server does not end connections that were closed.");
        }

        Ended = 0;
        FirstEnd = null;
    }

    /// <summary>Serves the connections for a given time.</summary>
    public void Serve(TimeSpan time)
    {
        var deadline = new Deadline(time);
        while (!deadline.HasPassed)
            Poll(10);
    }

    /// <summary>Waits until there is data to read, and reads it.</summary>
    public void Poll(int milliseconds)
    {
        var ready = _poller.Wait(Math.Min(milliseconds, UntilScheduled()));
        for (var i = 0; i < ready; i++)
            Read(_sockets[_poller.Ready(i)]);
        while (_scheduled.TryPeek(out var connection, out var due) && due <= Stopwatch.GetTimestamp())
        {
            _scheduled.Dequeue();
            if (connection.IsConnected)
                connection.OnDue();
        }

        if (_keepAliveSince != 0)
            KeepAlive();
    }

    /// <summary>Wakes a connection after some time.</summary>
    public void Schedule(Connection connection, TimeSpan delay) =>
        _scheduled.Enqueue(connection, Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency));

    public void OnOpened() => Open++;

    /// <summary>The server has ended a connection.</summary>
    public void End(Connection connection, string why)
    {
        if (!connection.IsConnected)
            return;
        if (connection.IsOpen)
            Open--;
        connection.Drop();
        Ended++;
        FirstEnd ??= why;
    }

    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Drop();
        _poller.Dispose();
    }

    private void Read(PolledSocket socket)
    {
        if (!socket.IsConnected)
            return;

        var kept = socket.TakeIncomplete(_buffer);
        var read = socket.Receive(_buffer.AsSpan(kept));
        if (read == 0)
            socket.OnEnded("the connection was cut");
        else if (kept + read > 0)
            socket.Read(_buffer.AsSpan(0, kept + Math.Max(read, 0)), Stopwatch.GetTimestamp());
    }

    /// <summary>The time in milliseconds until the next scheduled connection is due.</summary>
    private int UntilScheduled() =>
        _scheduled.TryPeek(out _, out var due)
            ? (int)Math.Max(0, Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due).TotalMilliseconds)
            : int.MaxValue;

    /// <summary>Sends keep-alives one at a time, so that they do not all arrive at once.</summary>
    private void KeepAlive()
    {
        var due = (long)(Stopwatch.GetElapsedTime(_keepAliveSince) / KeepAliveInterval * _connections.Count);
        for (; _keepAlives < due; _keepAlives++)
            _connections[(int)(_keepAlives % _connections.Count)].KeepAlive();
    }
}

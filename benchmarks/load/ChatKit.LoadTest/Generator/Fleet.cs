using System.Diagnostics;
using System.Net;
using System.Text;
using ChatKit.LoadTest.Generator.Protocols;

namespace ChatKit.LoadTest.Generator;

/// <summary>All connections, and the single thread that serves them.</summary>
internal sealed class Fleet(IPEndPoint server, ClientProtocol protocol, IFleetListener listener) : IDisposable
{
    /// <summary>The number of concurrent handshakes: fewer than the shortest backlog of the servers.</summary>
    private const int Handshakes = 128;

    /// <summary>Far more than a socket's buffer, so that one read takes everything.</summary>
    private const int BufferSize = 1024 * 1024;

    /// <summary>SignalR closes a connection that is silent for 30 seconds. Its own client uses this interval.</summary>
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(15);

    /// <summary>A server that does nothing for this long has failed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Poller _poller = new();
    private readonly byte[] _buffer = GC.AllocateArray<byte>(BufferSize, pinned: true);
    private readonly List<Connection> _connections = [];
    private long _keepAliveSince;
    private long _keepAlives;

    public ClientProtocol Protocol => protocol;

    public IFleetListener Listener => listener;

    public byte[] CloseFrame { get; } = ClientFrame.Create(ClientFrame.CloseOpcode, [0x03, 0xE8]);

    /// <summary>The number of open connections.</summary>
    public int Open { get; private set; }

    /// <summary>The number of connections that the server has ended.</summary>
    public int Ended { get; private set; }

    /// <summary>The reason for which the server ended the first of them.</summary>
    public string? FirstEnd { get; private set; }

    public Connection Add(RoomMembers room)
    {
        var connection = new Connection(this, _connections.Count, room);
        _connections.Add(connection);
        room.Members.Add(connection);
        return connection;
    }

    /// <summary>Opens all connections and returns when all are open.</summary>
    public void OpenAll()
    {
        var next = 0;
        var deadline = new Deadline(Patience);
        while (Open < _connections.Count)
        {
            while (next < _connections.Count && next - Open < Handshakes)
            {
                var connection = _connections[next++];
                _poller.Add(connection.Connect(server), connection.Index);
            }

            var before = Open;
            Poll(100);
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
        var ready = _poller.Wait(milliseconds);
        for (var i = 0; i < ready; i++)
            Read(_connections[_poller.Ready(i)]);
        if (protocol.KeepAlive is { } keepAlive && _keepAliveSince != 0)
            KeepAlive(keepAlive);
    }

    public void OnOpened() => Open++;

    /// <summary>The server has sent a close frame.</summary>
    public void OnClosed(Connection connection, ReadOnlySpan<byte> payload) =>
        End(connection, payload.Length >= 2 ? $"{(payload[0] << 8) | payload[1]} {Encoding.UTF8.GetString(payload[2..])}" : "no code");

    public void Dispose()
    {
        foreach (var connection in _connections)
            connection.Drop();
        _poller.Dispose();
    }

    private void Read(Connection connection)
    {
        if (!connection.IsConnected)
            return;

        var kept = connection.TakeIncomplete(_buffer);
        var read = connection.Receive(_buffer.AsSpan(kept));
        if (read == 0)
            End(connection, "the connection was cut");
        else if (kept + read > 0)
            connection.Read(_buffer.AsSpan(0, kept + Math.Max(read, 0)), Stopwatch.GetTimestamp());
    }

    private void End(Connection connection, string why)
    {
        if (connection.IsOpen)
            Open--;
        connection.Drop();
        Ended++;
        FirstEnd ??= why;
    }

    /// <summary>Sends keep-alives one at a time, so that they do not all arrive at once.</summary>
    private void KeepAlive(byte[] frame)
    {
        var due = (long)(Stopwatch.GetElapsedTime(_keepAliveSince) / KeepAliveInterval * _connections.Count);
        for (; _keepAlives < due; _keepAlives++)
            _connections[(int)(_keepAlives % _connections.Count)].Send(frame);
    }
}

using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ChatKit.StressTests.Harness;

/// <summary>
/// A room of well-behaved clients that take turns to send a message every 10 ms. A single thread runs all of them, so that the test measures
/// the server and not a scheduler.
/// </summary>
internal sealed class Neighbours : IDisposable
{
    public const int Count = 20;

    private const int BufferSize = 64 * 1024;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);
    private static readonly long IntervalTicks = (long)(Interval.TotalSeconds * Stopwatch.Frequency);

    private readonly Neighbour[] _all;
    private readonly List<Socket> _ready = new(Count);
    private readonly Dictionary<Socket, Neighbour> _bySocket;
    private readonly Thread _thread;
    private volatile Latencies _latencies = new();
    private volatile bool _stopping;
    private volatile Exception? _failure;
    private long _sent;

    /// <param name="port">The port of the server.</param>
    /// <param name="room">A room that no other client uses.</param>
    public Neighbours(int port, string room)
    {
        _all = [.. Enumerable.Range(0, Count).Select(_ => new Neighbour(port, room))];
        _bySocket = _all.ToDictionary(static one => one.Socket);
        _thread = new Thread(Live) { IsBackground = true, Name = nameof(Neighbours), Priority = ThreadPriority.Highest };
        _thread.Start();
    }

    /// <summary>The reason for which they failed; null if they have not.</summary>
    public Exception? Failure => _failure;

    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Starts a new measurement. Returns the previous one.</summary>
    public Latencies Measure()
    {
        var before = _latencies;
        _latencies = new Latencies();
        return before;
    }

    /// <summary>Stops sending, waits for the messages in flight, and disconnects.</summary>
    public Delivered Stop()
    {
        _stopping = true;
        _thread.Join();
        return new Delivered(
            Sent,
            _all.Sum(one => Sent - one.Seen.Count),
            _all.Sum(static one => one.Seen.Duplicates),
            _all.Sum(static one => one.Seen.Late),
            _all.Select(static one => one.Seen.Order).Distinct().Count());
    }

    public void Dispose()
    {
        Stop();
        foreach (var one in _all)
            one.Socket.Dispose();
    }

    private void Live()
    {
        try
        {
            var next = Stopwatch.GetTimestamp();
            while (!_stopping)
            {
                var now = Stopwatch.GetTimestamp();
                if (now >= next)
                {
                    _all[_sent % Count].Send(_sent);
                    Interlocked.Increment(ref _sent);
                    next = Math.Max(next, now - IntervalTicks) + IntervalTicks;
                }

                Receive(Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), next));
            }

            var stopped = Stopwatch.GetTimestamp();
            while (_all.Any(one => one.Seen.Count < _sent) && Stopwatch.GetElapsedTime(stopped) < Patience.Limit)
                Receive(Interval);

            // A duplicate arrives late.
            Receive(Interval);
        }
        catch (Exception e)
        {
            _failure = e;
        }
    }

    /// <summary>Waits for data and reads it.</summary>
    private void Receive(TimeSpan atMost)
    {
        _ready.Clear();
        foreach (var one in _all)
            _ready.Add(one.Socket);
        Socket.Select(_ready, null, null, atMost > TimeSpan.Zero ? atMost : TimeSpan.Zero);
        foreach (var socket in _ready)
            _bySocket[socket].Take(_latencies);
    }

    /// <summary>The outcome of all messages.</summary>
    /// <param name="Sent">The number of sent messages.</param>
    /// <param name="Lost">The number that did not arrive, summed over all clients.</param>
    /// <param name="Duplicates">The number that arrived again.</param>
    /// <param name="Late">The number that arrived after a later message of the same sender.</param>
    /// <param name="Orders">The number of different orders in which they arrived, which must be one.</param>
    public sealed record Delivered(long Sent, long Lost, long Duplicates, long Late, int Orders)
    {
        public bool IsExact => this is { Lost: 0, Duplicates: 0, Late: 0, Orders: 1 };
    }

    private sealed class Neighbour
    {
        private readonly byte[] _buffer = new byte[BufferSize];
        private int _length;

        public Neighbour(int port, string room)
        {
            Socket.Connect(IPAddress.Loopback, port);
            Socket.Send(Encoding.Latin1.GetBytes(RawClient.Handshake($"/chat/{room}")));
            ReadHead();
        }

        public Socket Socket { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        public Exactness Seen { get; } = new(Neighbours.Count);

        public void Send(long number) => Socket.Send(ClientFrame.Of(ClientFrame.Text, $"{number}:{Stopwatch.GetTimestamp()}"));

        public void Take(Latencies latencies)
        {
            var count = Socket.Receive(_buffer.AsSpan(_length));
            if (count == 0)
                throw new IOException("The server has ended the connection of a neighbour.");
            _length += count;
            var rest = _buffer.AsSpan(0, _length);

            // All messages here fit into a short frame.
            while (rest.Length >= 2 && rest.Length >= 2 + rest[1])
            {
                Take(rest[0] & 0x0F, rest.Slice(2, rest[1]), latencies);
                rest = rest[(2 + rest[1])..];
            }

            _length = rest.Length;
            rest.CopyTo(_buffer);
        }

        private void Take(int opcode, ReadOnlySpan<byte> payload, Latencies latencies)
        {
            switch (opcode)
            {
                case ClientFrame.Text when Utf8Parser.TryParse(payload, out long number, out var digits)
                    && Utf8Parser.TryParse(payload[(digits + 1)..], out long at, out _):
                    latencies.Add(Stopwatch.GetTimestamp() - at);
                    Seen.See(number);
                    break;
                case ClientFrame.Ping:
                    Socket.Send(ClientFrame.Of(ClientFrame.Pong, payload));
                    break;
                default:
                    throw new IOException($"A neighbour got a frame with opcode {opcode}: {Encoding.UTF8.GetString(payload)}");
            }
        }

        private void ReadHead()
        {
            do
            {
                var count = Socket.Receive(_buffer.AsSpan(_length));
                _length += count;
                if (count == 0)
                    throw new IOException("The server has refused a neighbour.");
            }
            while (_buffer.AsSpan(0, _length).IndexOf("\r\n\r\n"u8) < 0);
            if (!_buffer.AsSpan(0, _length).StartsWith("HTTP/1.1 101"u8))
                throw new IOException($"The server has refused a neighbour: {Encoding.Latin1.GetString(_buffer, 0, _length)}");
            _length = 0;
        }
    }
}

using System.Diagnostics;
using System.Net;
using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Generator.Tests;

namespace ChatKit.LoadTest.Returning;

/// <summary>The members of another room on the same node, of whom one sends a message every 50 ms.</summary>
internal sealed class Neighbours : IDisposable
{
    private const int Members = 50;
    private static readonly long Interval = Stopwatch.Frequency / 20;

    private readonly Fleet _fleet;
    private readonly RoomMembers _room = new("neighbours");
    private long _sentAt;
    private int _awaited;

    public Neighbours(IPEndPoint server)
    {
        var protocol = new ReturningProtocol();
        _fleet = new Fleet(server, (fleet, room) => new ReturningClient(fleet, room, protocol), new SilentListener());
        for (var i = 0; i < Members; i++)
            _fleet.Add(_room);
        _fleet.OpenAll();
        protocol.Received = (_, _, now) =>
        {
            Latency.Record(now - _sentAt);
            _awaited--;
        };
    }

    /// <summary>The time from when a message was due until a member had read it.</summary>
    public Histogram Latency { get; private set; } = new();

    /// <summary>Serves them once.</summary>
    public void Serve()
    {
        var now = Stopwatch.GetTimestamp();
        if (now - _sentAt >= Interval && _awaited == 0)
        {
            _sentAt = now;
            _awaited = Members;
            _room.Members[0].SendMessage("{\"type\":\"message\",\"data\":\"hello\"}"u8);
        }

        _fleet.Poll(0);
    }

    /// <summary>Serves them for some time, and returns the 99th percentile of their latency in milliseconds.</summary>
    public double Measure(TimeSpan time)
    {
        Latency = new Histogram();
        for (var deadline = new Deadline(time); !deadline.HasPassed;)
        {
            Serve();
            Thread.Sleep(1);
        }

        while (_awaited > 0)
            _fleet.Poll(1);
        return P99();
    }

    public double P99() => Latency.Microseconds(0.99).GetValueOrDefault() / 1000;

    public void Forget() => Latency = new Histogram();

    public void Dispose() => _fleet.Dispose();
}

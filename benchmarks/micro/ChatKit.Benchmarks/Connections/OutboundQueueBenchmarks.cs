using BenchmarkDotNet.Attributes;
using ChatKit.Connections;
using ChatKit.Connections.Transport;
using ChatKit.WebSockets;

namespace ChatKit.Benchmarks.Connections;

/// <summary>The queue of a connection, between a room and the client's stream.</summary>
[MemoryDiagnoser]
public class OutboundQueueBenchmarks
{
    private const int Frames = 500;
    private const int Limit = 1024 * 1024;

    private readonly CountingStream _stream = new();
    private readonly byte[] _frame = WebSocketFrame.Text(Texts.OfSize(64), out _);
    private readonly OutboundQueue _queue;

    public OutboundQueueBenchmarks() => _queue = new OutboundQueue(new StreamTransport(_stream), Limit, new FailFast());

    /// <summary>The queue is empty, so each frame is written at once.</summary>
    [Benchmark]
    public long Enqueue()
    {
        _queue.TryEnqueue(_frame);
        return _stream.Written;
    }

    /// <summary>While a write is in progress, frames wait, and are joined when it ends. The time is per frame.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public long EnqueueAndDrain()
    {
        _stream.Hold();
        for (var i = 0; i < Frames; i++)
            _queue.TryEnqueue(_frame);
        _stream.Release();
        return _stream.Written;
    }
}

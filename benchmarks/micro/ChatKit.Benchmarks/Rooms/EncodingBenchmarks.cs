using BenchmarkDotNet.Attributes;
using ChatKit.Rooms;

namespace ChatKit.Benchmarks.Rooms;

/// <summary>Encodes a text as a message with its frame, which happens once for all receivers.</summary>
[MemoryDiagnoser]
public class EncodingBenchmarks
{
    private string _text = "";

    [Params(64, 4096)]
    public int Size { get; set; }

    [GlobalSetup]
    public void SetUp() => _text = Texts.OfSize(Size);

    [Benchmark]
    public object Encode() => Outgoing.Text(_text, default);
}

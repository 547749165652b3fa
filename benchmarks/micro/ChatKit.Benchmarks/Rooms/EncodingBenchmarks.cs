using BenchmarkDotNet.Attributes;
using ChatKit.Rooms;

namespace ChatKit.Benchmarks.Rooms;

/// <summary>Making a message with its frame out of a text: done once, for all who receive it.</summary>
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

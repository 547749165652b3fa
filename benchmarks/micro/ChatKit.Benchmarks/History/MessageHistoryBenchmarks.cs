using BenchmarkDotNet.Attributes;
using ChatKit.Rooms;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Benchmarks.History;

/// <summary>A history with 100 messages of 64 bytes: in memory, and in Redis if it is installed.</summary>
[MemoryDiagnoser]
public class MessageHistoryBenchmarks
{
    private const string Memory = "memory";
    private const string Redis = "redis";
    private const string Room = "room";

    private readonly ChatMessage _message = Outgoing.Text(Texts.OfSize(64), default);
    private RedisProcess? _redis;
    private ServiceProvider? _services;
    private IMessageHistory? _history;
    private MessagePosition _tenBack;

    [ParamsSource(nameof(Stores))]
    public string Store { get; set; } = Memory;

    public static IEnumerable<string> Stores => RedisProcess.Program is null ? [Memory] : [Memory, Redis];

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        if (Store == Redis)
            _redis = await RedisProcess.StartAsync();
        _services = ChatKitServices.Create(_redis?.Endpoint);
        _history = _services.GetRequiredService<IMessageHistory>();
        var top = MessagePosition.None;
        for (var i = 0; i < 100; i++)
            (top, _) = await _history.AppendAsync(Room, _message, 100);
        _tenBack = top with { Sequence = top.Sequence - 10 };
    }

    [Benchmark]
    public ValueTask<AppendResult> AppendAsync() => _history!.AppendAsync("other", _message, 100);

    /// <summary>Reads what a new member receives.</summary>
    [Benchmark]
    public ValueTask<HistoryPage> ReadAllAsync() => _history!.ReadAsync(Room);

    /// <summary>Reads what a member receives after a short disconnection.</summary>
    [Benchmark]
    public ValueTask<HistoryPage> ReadLastTenAsync() => _history!.ReadAsync(Room, _tenBack);

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _services!.DisposeAsync();
        _redis?.Dispose();
    }
}

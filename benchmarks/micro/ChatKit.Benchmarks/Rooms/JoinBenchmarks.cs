using BenchmarkDotNet.Attributes;
using ChatKit.Rooms;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Benchmarks.Rooms;

/// <summary>Joins a room and leaves it.</summary>
[MemoryDiagnoser]
public class JoinBenchmarks
{
    private const string Room = "room";

    private readonly QueueClient _client = new();
    private ServiceProvider? _services;
    private RoomRegistry? _rooms;

    /// <summary>The number of stored messages that the member receives.</summary>
    [Params(0, 100)]
    public int Replay { get; set; }

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _services = ChatKitServices.Create();
        _rooms = _services.GetRequiredService<RoomRegistry>();

        // One member stays, so that the room is not removed.
        await _rooms.Enter(Room, new QueueClient(), replay: 100).StartAsync();
        var backplane = _services.GetRequiredService<IBackplane>();
        for (var i = 0; i < 100; i++)
            await backplane.PublishAsync(Room, Outgoing.Text(Texts.OfSize(64), default), 100, CancellationToken.None);
    }

    [Benchmark]
    public async Task JoinAndLeaveAsync()
    {
        var membership = _rooms!.Enter(Room, _client, Replay);
        await membership.StartAsync();
        membership.Leave();
    }

    [GlobalCleanup]
    public ValueTask CleanUpAsync() => _services!.DisposeAsync();
}

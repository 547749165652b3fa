using BenchmarkDotNet.Attributes;
using ChatKit.ChatKitV1;
using ChatKit.Rooms;
using ChatKit.Rooms.Events;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Benchmarks.Rooms;

/// <summary>
/// Edits a stored message in a room whose members speak <see cref="ChatKitSubprotocol.V1"/>, and broadcasts a message there to compare. Time
/// and bytes are per delivery; all receivers share the cost of the message.
/// </summary>
[MemoryDiagnoser]
public class ChangeBenchmarks
{
    private const string Room = "room";
    private const int Members = 1000;
    private const int Messages = 32;

    private readonly List<QueueClient> _clients = [];
    private readonly string _text = Texts.OfSize(64);
    private readonly MessagePosition[] _positions = new MessagePosition[Messages];
    private ServiceProvider? _services;
    private IBackplane? _backplane;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _services = ChatKitServices.Create();
        _backplane = _services.GetRequiredService<IBackplane>();
        var rooms = _services.GetRequiredService<RoomRegistry>();
        for (var i = 0; i < Members; i++)
        {
            var client = new QueueClient(WireFormat.V1);
            _clients.Add(client);
            await rooms.Enter(Room, client, replay: 100).StartAsync();
        }

        await BroadcastAsync();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Members * Messages)]
    public async Task BroadcastAsync()
    {
        var end = _clients[^1].Written;
        for (var i = 0; i < Messages; i++)
        {
            var message = Outgoing.Text(_text, default);
            _positions[i] = (await _backplane!.PublishAsync(Room, message)).GetValueOrDefault();
            end += V1Frames.Message(Room, message.WithPosition(_positions[i])).Length;
        }

        WaitForDelivery(end);
    }

    [Benchmark(OperationsPerInvoke = Members * Messages)]
    public async Task EditAsync()
    {
        var end = _clients[^1].Written;
        foreach (var position in _positions)
        {
            var (_, message) = await _backplane!.ChangeAsync(Room, Outgoing.Edit(position, _text, default, by: null));
            end += V1Frames.Event(Room, new ChangeEvent(message!, After: null)).Length;
        }

        WaitForDelivery(end);
    }

    [GlobalCleanup]
    public ValueTask CleanUpAsync() => _services!.DisposeAsync();

    /// <summary>Another thread fans out to one member after the other.</summary>
    private void WaitForDelivery(long end)
    {
        while (_clients[^1].Written < end)
            Thread.Yield();
    }
}

using BenchmarkDotNet.Attributes;
using ChatKit.Rooms;
using ChatKit.WebSockets;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Benchmarks.Rooms;

/// <summary>
/// Broadcasts a text to the streams of all members. Time and bytes are per delivery; all receivers share the cost of the message.
/// </summary>
[MemoryDiagnoser]
public class BroadcastBenchmarks
{
    private const string Room = "room";
    private const int Members = 1000;
    private const int Messages = 32;

    private readonly List<QueueClient> _clients = [];
    private readonly string _text = Texts.OfSize(64);
    private ServiceProvider? _services;
    private IBackplane? _backplane;

    /// <summary>The number of messages that the room keeps; 0 for none.</summary>
    [Params(0, 100)]
    public int History { get; set; }

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _services = ChatKitServices.Create();
        _backplane = _services.GetRequiredService<IBackplane>();
        var rooms = _services.GetRequiredService<RoomRegistry>();
        for (var i = 0; i < Members; i++)
        {
            var client = new QueueClient();
            _clients.Add(client);
            await rooms.Enter(Room, client, replay: History).StartAsync();
        }
    }

    [Benchmark(OperationsPerInvoke = Members * Messages)]
    public async Task BroadcastAsync()
    {
        var last = _clients[^1];
        var end = last.Written;
        for (var i = 0; i < Messages; i++)
        {
            var message = Outgoing.Text(_text, default);
            end += WebSocketFrame.Around(message.Type, message.Data).Length;
            await _backplane!.PublishAsync(Room, message, History, CancellationToken.None);
        }

        // Another thread fans out to one member after the other.
        while (last.Written < end)
            Thread.Yield();
    }

    [GlobalCleanup]
    public ValueTask CleanUpAsync() => _services!.DisposeAsync();
}

using ChatKit.LoadTest.Generator.Http;
using ChatKit.LoadTest.Generator.Protocols;
using ChatKit.LoadTest.Generator.WebSockets;

namespace ChatKit.LoadTest.Generator;

/// <summary>All ways to reach servers.</summary>
internal static class ClientCatalog
{
    /// <summary>The interval of the tutorial's short polling.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);

    private static readonly PlainProtocol Plain = new();
    private static readonly V1Protocol V1 = new();
    private static readonly SignalRProtocol SignalR = new();
    private static readonly SocketIoProtocol SocketIo = new();

    /// <summary>The ways by their names on the command line.</summary>
    public static IReadOnlyDictionary<string, ConnectionFactory> All { get; } = new Dictionary<string, ConnectionFactory>
    {
        ["plain"] = static (fleet, room) => new WebSocketClient(fleet, room, Plain),
        ["chatkit+v1"] = static (fleet, room) => new WebSocketClient(fleet, room, V1),
        ["chatkit+sse"] = static (fleet, room) => new ChatKitEventStream(fleet, room, V1),
        ["chatkit+longpolling"] = static (fleet, room) => new ChatKitPolls(fleet, room, V1, interval: null),
        ["chatkit+polling"] = static (fleet, room) => new ChatKitPolls(fleet, room, V1, PollInterval),
        ["signalr"] = static (fleet, room) => new WebSocketClient(fleet, room, SignalR),
        ["signalr+sse"] = static (fleet, room) => new SignalREventStream(fleet, room, SignalR),
        ["signalr+longpolling"] = static (fleet, room) => new SignalRPolls(fleet, room, SignalR),
        ["socketio"] = static (fleet, room) => new WebSocketClient(fleet, room, SocketIo),
    };
}

using System.Net.WebSockets;
using ChatKit.Benchmarks.Connections;
using ChatKit.ChatKitV1;
using ChatKit.Connections;
using ChatKit.Connections.Transport;
using ChatKit.Rooms;
using ChatKit.Rooms.Events;

namespace ChatKit.Benchmarks.Rooms;

/// <summary>A member with a real queue whose stream accepts everything at once.</summary>
internal sealed class QueueClient : IRoomClient
{
    private const int Limit = 1024 * 1024;

    private readonly CountingStream _stream = new();
    private readonly OutboundQueue _queue;

    /// <param name="format">The wire format of the client.</param>
    public QueueClient(WireFormat format = WireFormat.Plain)
    {
        Format = format;
        _queue = new OutboundQueue(new StreamTransport(_stream), Limit, new FailFast());
    }

    public string Id => "client";

    public IReadOnlyCollection<string> FormerIds => [];

    public WireFormat Format { get; }

    public IOutbound Outbound => _queue;

    public string? PresentAs => null;

    public string? PresenceData => null;

    public long Written => _stream.Written;

    public IReadOnlyCollection<string> RoomNames => [];

    public void JoinByServer(string room) => throw new InvalidOperationException(room);

    public void LeaveByServer(UserCommand.Leave command, DateTimeOffset until) => throw new InvalidOperationException(command.Room);

    public void Disconnect(WebSocketCloseStatus status, string? reason) => throw new InvalidOperationException(reason);
}

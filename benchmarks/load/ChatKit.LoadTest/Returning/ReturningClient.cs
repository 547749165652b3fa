using System.Diagnostics;
using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Generator.Protocols;
using ChatKit.LoadTest.Generator.WebSockets;

namespace ChatKit.LoadTest.Returning;

/// <summary>A client that knows when it began to connect.</summary>
internal sealed class ReturningClient(Fleet fleet, RoomMembers room, ClientProtocol protocol) : WebSocketClient(fleet, room, protocol)
{
    public long OpenedAt { get; private set; }

    public override void Open()
    {
        OpenedAt = Stopwatch.GetTimestamp();
        base.Open();
    }
}

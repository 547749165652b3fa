using ChatKit.LoadTest.Generator.Protocols;

namespace ChatKit.LoadTest.Generator.Http;

/// <summary>A client of SignalR that receives an event stream (<c>HttpTransportType.ServerSentEvents</c>).</summary>
internal sealed class SignalREventStream(Fleet fleet, RoomMembers room, ClientProtocol protocol)
    : SignalRConnection(fleet, room, protocol), IEventListener
{
    private EventLines _lines;

    public void OnEvent(ReadOnlySpan<byte> data, long now) => Protocol.OnMessage(this, data.TrimEnd((byte)'\r'), now);

    protected override void OnNegotiated(string target) => Request(Http.Request.Get(Fleet, target, "text/event-stream"));

    protected override void OnResponse() => Protocol.OnConnected(this);

    protected override void OnResponseBody(ReadOnlySpan<byte> part, long now) => _lines.Read(part, this, now);

    protected override void OnResponseEnd(long now) => OnEnded("the event stream has ended");
}

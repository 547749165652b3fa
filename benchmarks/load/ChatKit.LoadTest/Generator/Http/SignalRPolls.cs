using ChatKit.LoadTest.Generator.Protocols;

namespace ChatKit.LoadTest.Generator.Http;

/// <summary>A client of SignalR that polls (<c>HttpTransportType.LongPolling</c>).</summary>
internal sealed class SignalRPolls(Fleet fleet, RoomMembers room, ClientProtocol protocol) : SignalRConnection(fleet, room, protocol)
{
    private ByteBuffer _body;
    private byte[] _poll = [];
    private bool _connected;

    /// <summary>Does nothing: SignalR sees that the client is there when it polls.</summary>
    public override void KeepAlive()
    {
    }

    protected override void OnNegotiated(string target)
    {
        _poll = Http.Request.Get(Fleet, target, "*/*");
        Request(_poll);
    }

    protected override void OnResponse() => _body.Clear();

    protected override void OnResponseBody(ReadOnlySpan<byte> part, long now) => _body.Append(part);

    /// <summary>Polls again. The first poll returns at once, to report that the connection exists.</summary>
    protected override void OnResponseEnd(long now)
    {
        if (_body.Length > 0)
            Protocol.OnMessage(this, _body.Span, now);
        Request(_poll);
        if (_connected)
            return;
        _connected = true;
        Protocol.OnConnected(this);
    }
}

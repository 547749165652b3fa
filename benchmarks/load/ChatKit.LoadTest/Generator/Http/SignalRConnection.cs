using System.Text;
using ChatKit.LoadTest.Generator.Protocols;

namespace ChatKit.LoadTest.Generator.Http;

/// <summary>A client of SignalR over HTTP, which negotiates first. SignalR then knows it by a token in the URL.</summary>
internal abstract class SignalRConnection(Fleet fleet, RoomMembers room, ClientProtocol protocol) : HttpConnection(fleet, room, protocol)
{
    private ByteBuffer _negotiation;
    private bool _negotiated;
    private string? _target;

    public sealed override void Open()
    {
        Connect();
        Request(Http.Request.Post(Fleet, $"{Protocol.PathOf(Room.Name)}/negotiate?negotiateVersion=1", 0, "text/plain;charset=UTF-8"));
    }

    public sealed override void OnHead(int status)
    {
        if (status != 200)
            throw new InvalidDataException($"SignalR answers with {status}.");
        if (_negotiated)
            OnResponse();
    }

    public sealed override void OnBody(ReadOnlySpan<byte> part, long now)
    {
        if (_negotiated)
            OnResponseBody(part, now);
        else
            _negotiation.Append(part);
    }

    public sealed override void OnEnd(long now)
    {
        if (_negotiated)
        {
            OnResponseEnd(now);
            return;
        }

        var token = Encoding.ASCII.GetString(Member(_negotiation.Span, "\"connectionToken\":\""u8));
        _target = $"{Protocol.PathOf(Room.Name)}?id={token}";
        _negotiated = true;
        OnNegotiated(_target);
    }

    protected abstract void OnNegotiated(string target);

    protected abstract void OnResponse();

    protected abstract void OnResponseBody(ReadOnlySpan<byte> part, long now);

    protected abstract void OnResponseEnd(long now);

    protected override byte[] PostHead(int length) => Http.Request.Post(Fleet, _target!, length, "text/plain;charset=UTF-8");
}

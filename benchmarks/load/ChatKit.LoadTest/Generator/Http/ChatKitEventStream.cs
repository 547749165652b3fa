using System.Text;
using ChatKit.LoadTest.Generator.Protocols;

namespace ChatKit.LoadTest.Generator.Http;

/// <summary>A client of ChatKit that receives an event stream.</summary>
internal sealed class ChatKitEventStream(Fleet fleet, RoomMembers room, ClientProtocol protocol)
    : HttpConnection(fleet, room, protocol), IEventListener
{
    private EventLines _lines;
    private string? _token;

    public override void Open()
    {
        Connect();
        Request(Http.Request.Get(Fleet, Protocol.PathOf(Room.Name), "text/event-stream"));
    }

    public override void OnHead(int status)
    {
        if (status != 200)
            throw new InvalidDataException($"The server answers with {status} instead of an event stream.");
    }

    public override void OnBody(ReadOnlySpan<byte> part, long now) => _lines.Read(part, this, now);

    public void OnEvent(ReadOnlySpan<byte> data, long now)
    {
        if (_token is null && Member(data, "\"token\":\""u8) is { IsEmpty: false } token)
            _token = Encoding.ASCII.GetString(token);
        if (data.StartsWith("{\"code\":"u8))
            OnEnded(Encoding.UTF8.GetString(data));
        else
            Protocol.OnMessage(this, data, now);
    }

    public override void OnEnd(long now) => OnEnded("the event stream has ended");

    protected override byte[] PostHead(int length) =>
        Http.Request.Post(Fleet, Protocol.PathOf(Room.Name), length, "application/json", $"ChatKit-Connection: {_token}\r\n");
}

using System.Text;
using ChatKit.LoadTest.Generator.Protocols;

namespace ChatKit.LoadTest.Generator.Http;

/// <summary>A client of ChatKit that polls: at once again if the server lets it wait for messages, and otherwise after an interval.</summary>
internal sealed class ChatKitPolls(Fleet fleet, RoomMembers room, ClientProtocol protocol, TimeSpan? interval)
    : HttpConnection(fleet, room, protocol)
{
    /// <summary>How long the server lets a long poll wait.</summary>
    private const string Wait = "wait=25";

    private ByteBuffer _body;
    private int _status;

    /// <summary>The position of the client, as the server has stated it; empty if the room had no message.</summary>
    private ByteBuffer _position;

    private byte[] _target = [];
    private byte[] _rest = [];
    private bool _polls;

    public override void Open()
    {
        var path = Protocol.PathOf(Room.Name);
        _target = Encoding.ASCII.GetBytes(interval is null ? $"GET {path}?{Wait}" : $"GET {path}?wait=0");
        _rest = Encoding.ASCII.GetBytes($" HTTP/1.1\r\nHost: {Fleet.Server}\r\nAccept: application/json\r\n\r\n");
        Connect();
        Request(Http.Request.Get(Fleet, path, "application/json"));
    }

    public override void OnDue() => Poll();

    public override void OnHead(int status)
    {
        _status = status;
        _body.Clear();
    }

    public override void OnBody(ReadOnlySpan<byte> part, long now) => _body.Append(part);

    public override void OnEnd(long now)
    {
        if (_status != 200)
            throw new InvalidDataException($"The server answers a poll with {_status}: {Encoding.UTF8.GetString(_body.Span)}");

        OnOpened();
        if (TryReadPosition())
            ReadTexts(now);
        Next();
    }

    protected override byte[] PostHead(int length) => Http.Request.Post(Fleet, Protocol.PathOf(Room.Name), length, "application/json");

    /// <summary>Reads the next position, which comes before the messages. Without it, there are none.</summary>
    private bool TryReadPosition()
    {
        var body = _body.Span;
        if (body.IndexOf("\"gap\":"u8) >= 0)
            throw new InvalidDataException($"ChatKit says: {Encoding.UTF8.GetString(body)}");
        var messages = body.IndexOf("\"messages\":"u8);
        var position = Member(messages < 0 ? body : body[..messages], "\"position\":\""u8);
        if (position.IsEmpty)
            return false;

        _position.Clear();
        _position.Append(position);
        return true;
    }

    private void ReadTexts(long now)
    {
        var rest = _body.Span;
        for (var mark = rest.IndexOf(Stamp.Mark); mark >= 0; mark = rest.IndexOf(Stamp.Mark))
        {
            OnText(rest[mark..], now);
            rest = rest[(mark + Stamp.Size)..];
        }
    }

    private void Next()
    {
        if (interval is not { } pause)
        {
            Poll();
        }
        else if (_polls)
        {
            Fleet.Schedule(this, pause);
        }
        else
        {
            // Clients that have come together do not poll together.
            _polls = true;
            Fleet.Schedule(this, pause * Random.Shared.NextDouble());
        }
    }

    private void Poll()
    {
        Span<byte> after = _position.Length > 0 ? [.. "&after="u8, .. _position.Span] : [];
        Request([.. _target, .. after, .. _rest]);
    }
}

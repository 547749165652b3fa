using ChatKit.LoadTest.Generator.Protocols;

namespace ChatKit.LoadTest.Generator.Http;

/// <summary>A client that receives in the bodies of responses, and sends with POSTs.</summary>
internal abstract class HttpConnection : Connection, IResponseListener
{
    private readonly ResponseReader _reader;

    protected HttpConnection(Fleet fleet, RoomMembers room, ClientProtocol protocol)
        : base(fleet, room, protocol) => _reader = new ResponseReader(this);

    public sealed override void Read(ReadOnlySpan<byte> data, long now) => Keep(_reader.Read(data, now));

    public sealed override bool Send(ReadOnlySpan<byte> prepared)
    {
        if (IsConnected)
            Fleet.Posts.Send(prepared);
        return IsConnected;
    }

    public sealed override void SendMessage(ReadOnlySpan<byte> message) => Fleet.Posts.Send([.. PostHead(message.Length), .. message]);

    /// <summary>Ends the response, because no other end is possible.</summary>
    public override void Close() => Drop();

    public abstract void OnHead(int status);

    public abstract void OnBody(ReadOnlySpan<byte> part, long now);

    public abstract void OnEnd(long now);

    /// <summary>The head of a POST that sends a message.</summary>
    protected abstract byte[] PostHead(int length);

    protected sealed override StampedMessage Prepare(ReadOnlySpan<byte> message, uint sender) =>
        StampedMessage.AsRequest(PostHead(message.Length), message, sender);

    /// <summary>Sends a request whose response this connection receives.</summary>
    protected void Request(ReadOnlySpan<byte> request)
    {
        Fleet.Requests++;
        Write(request);
    }

    /// <summary>The string that follows a name in JSON; empty if there is none.</summary>
    protected static ReadOnlySpan<byte> Member(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var start = json.IndexOf(name);
        if (start < 0)
            return default;
        var value = json[(start + name.Length)..];
        return value[..value.IndexOf((byte)'"')];
    }
}

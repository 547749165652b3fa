using ChatKit.LoadTest.Generator.Protocols;

namespace ChatKit.LoadTest.Generator.Http;

/// <summary>A client that receives in the bodies of responses, and sends with POSTs.</summary>
internal abstract class HttpConnection : Connection, IResponseListener
{
    private readonly ResponseReader _reader;

    /// <summary>The POSTs that wait for the response to another; null if none ever has.</summary>
    private Queue<byte[]>? _waiting;

    private bool _isPosting;

    protected HttpConnection(Fleet fleet, RoomMembers room, ClientProtocol protocol)
        : base(fleet, room, protocol) => _reader = new ResponseReader(this);

    public sealed override void Read(ReadOnlySpan<byte> data, long now) => Keep(_reader.Read(data, now));

    public sealed override bool Send(ReadOnlySpan<byte> prepared)
    {
        if (IsConnected)
            Post(prepared);
        return IsConnected;
    }

    public sealed override void SendMessage(ReadOnlySpan<byte> message) => Post([.. PostHead(message.Length), .. message]);

    /// <summary>The server has answered the last POST.</summary>
    public void OnPosted()
    {
        _isPosting = false;
        if (_waiting is not null && _waiting.TryDequeue(out var next))
            Post(next);
    }

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

    /// <summary>Sends one POST at a time, because those that are under way together can overtake each other.</summary>
    private void Post(ReadOnlySpan<byte> request)
    {
        if (_isPosting)
        {
            (_waiting ??= []).Enqueue(request.ToArray());
            return;
        }

        _isPosting = true;
        Fleet.Posts.Send(request, this);
    }
}

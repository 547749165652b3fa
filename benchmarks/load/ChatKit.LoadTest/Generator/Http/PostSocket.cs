using System.Text;

namespace ChatKit.LoadTest.Generator.Http;

/// <summary>A connection that carries one POST after the other.</summary>
internal sealed class PostSocket : PolledSocket, IResponseListener
{
    private readonly ResponseReader _reader;
    private ByteBuffer _body;
    private int _status;
    private HttpConnection? _sender;

    private PostSocket(Fleet fleet)
        : base(fleet) => _reader = new ResponseReader(this);

    public static PostSocket Open(Fleet fleet)
    {
        var socket = new PostSocket(fleet);
        socket.Connect();
        return socket;
    }

    public void Send(ReadOnlySpan<byte> request, HttpConnection sender)
    {
        _sender = sender;
        Fleet.Requests++;
        Write(request);
    }

    public override void Read(ReadOnlySpan<byte> data, long now) => Keep(_reader.Read(data, now));

    /// <summary>Servers end connections that carry nothing for long.</summary>
    public override void OnEnded(string why)
    {
        if (_sender is not null)
            throw new InvalidDataException("The server has ended a connection instead of answering a POST.");
        Drop();
    }

    public void OnHead(int status)
    {
        _status = status;
        _body.Clear();
    }

    public void OnBody(ReadOnlySpan<byte> part, long now) => _body.Append(part);

    public void OnEnd(long now)
    {
        if (_status is < 200 or > 299)
            throw new InvalidDataException($"The server answers a POST with {_status}: {Encoding.UTF8.GetString(_body.Span)}");
        var sender = _sender!;
        _sender = null;
        Fleet.Posts.Return(this);
        sender.OnPosted();
    }
}

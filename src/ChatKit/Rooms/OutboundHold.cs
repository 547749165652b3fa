namespace ChatKit.Rooms;

/// <summary>Lets the frames of a queue wait until it is disposed of. Being a ref struct, it can't be held across an <c>await</c>.</summary>
internal readonly ref struct OutboundHold : IDisposable
{
    private readonly IOutbound _outbound;

    public OutboundHold(IOutbound outbound)
    {
        _outbound = outbound;
        outbound.Hold();
    }

    public void Dispose() => _outbound.Release();
}

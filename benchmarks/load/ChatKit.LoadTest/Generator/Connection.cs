using ChatKit.LoadTest.Generator.Protocols;

namespace ChatKit.LoadTest.Generator;

/// <summary>One client, which is a member of a room. The subclasses are the ways to reach a server.</summary>
internal abstract class Connection(Fleet fleet, RoomMembers room, ClientProtocol protocol) : PolledSocket(fleet)
{
    public RoomMembers Room => room;

    /// <summary>Whether it is connected and the protocol's greeting is complete.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Whether the probe has reached it, which proves that it is in its room.</summary>
    public bool InRoom { get; set; }

    public Sender? Sender { get; set; }

    public DeliveryCheck Check { get; set; } = new(0);

    protected ClientProtocol Protocol => protocol;

    /// <summary>Connects to the server.</summary>
    public abstract void Open();

    /// <summary>Prepares a text to everyone in the room.</summary>
    /// <param name="size">The size of the text in bytes.</param>
    /// <param name="sender">The sender.</param>
    public StampedMessage Prepare(int size, uint sender) => Prepare(protocol.Wrap(Stamp.Template(size)), sender);

    /// <summary>Sends a prepared text. Returns false if the connection has ended.</summary>
    public abstract bool Send(ReadOnlySpan<byte> prepared);

    /// <summary>Sends a message of the protocol.</summary>
    public abstract void SendMessage(ReadOnlySpan<byte> message);

    /// <summary>Sends a keep-alive if the server requires it.</summary>
    public virtual void KeepAlive()
    {
        if (IsOpen && protocol.KeepAlive is { } message)
            SendMessage(message);
    }

    /// <summary>The time for which it was scheduled has come.</summary>
    public virtual void OnDue()
    {
    }

    /// <summary>Ends the connection from the client's side.</summary>
    public abstract void Close();

    public void OnOpened()
    {
        if (IsOpen)
            return;
        IsOpen = true;
        Fleet.OnOpened();
    }

    public void OnText(ReadOnlySpan<byte> text, long now) => Fleet.Listener.OnText(this, text, now);

    public override void OnEnded(string why) => Fleet.End(this, why);

    public override void Drop()
    {
        base.Drop();
        (IsOpen, InRoom) = (false, false);
    }

    protected abstract StampedMessage Prepare(ReadOnlySpan<byte> message, uint sender);
}

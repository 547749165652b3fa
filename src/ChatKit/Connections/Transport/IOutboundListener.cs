namespace ChatKit.Connections.Transport;

/// <summary>Is notified when an <see cref="OutboundQueue"/> cannot write.</summary>
internal interface IOutboundListener
{
    /// <summary>A write has failed. The queue ends, and refuses no frame before this is called.</summary>
    void OnFailed(Exception exception);
}

namespace ChatKit.Connections.Transport;

/// <summary>Is notified when an <see cref="OutboundQueue"/> cannot write.</summary>
internal interface IOutboundListener
{
    /// <summary>A write has failed. The queue has ended.</summary>
    void OnFailed(Exception exception);
}

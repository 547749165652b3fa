using ChatKit.Connections.Transport;

namespace ChatKit.Tests.Fixtures;

internal sealed class OutboundListener(Action<Exception> onFailed) : IOutboundListener
{
    public void OnFailed(Exception exception) => onFailed(exception);
}

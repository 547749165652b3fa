using ChatKit.Connections.Transport;

namespace ChatKit.Benchmarks.Connections;

/// <summary>A benchmark whose writes fail measures nothing.</summary>
internal sealed class FailFast : IOutboundListener
{
    public void OnFailed(Exception exception) => Environment.FailFast(exception.Message, exception);
}

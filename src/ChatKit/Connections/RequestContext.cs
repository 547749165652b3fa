namespace ChatKit.Connections;

/// <summary>
/// Keeps the execution context of a handshake's request, with all that it refers to, from living as long as what the request starts. Only the
/// handler's callbacks run in it.
/// </summary>
internal static class RequestContext
{
    /// <summary>Lets nothing that starts before this is disposed of, on the same thread, capture the context.</summary>
    public static AsyncFlowControl? Suppress() => ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
}

using System.ComponentModel;

namespace ChatKit;

/// <summary>The result of a frame that was posted without a connection.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ExchangeResult
{
    /// <summary>The frame <c>ack</c>, <c>error</c> or <c>history</c>; empty if there is no answer.</summary>
    public ReadOnlyMemory<byte> Answer { get; init; }

    /// <summary>Whether the frame was a message, and not a request.</summary>
    public bool IsMessage { get; init; }

    /// <summary>What is wrong with the request, for people; null if it was passed on.</summary>
    public string? Problem { get; init; }

    /// <summary>How the connection was closed; null if neither the handler nor ChatKit has closed it.</summary>
    public CloseInfo? Close { get; init; }
}

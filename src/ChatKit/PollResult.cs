using System.ComponentModel;

namespace ChatKit;

/// <summary>What a client receives that has read its rooms with a single request.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class PollResult
{
    /// <summary>The JSON.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>
    /// Identifies the state of the home room; null if it isn't known, or if the result also has what doesn't belong to that state.
    /// </summary>
    public string? Tag { get; init; }

    /// <summary>Whether there is anything that the client doesn't have.</summary>
    public bool HasNews { get; init; }

    /// <summary>Whether the rooms could be read. If not, the store is unavailable.</summary>
    public bool IsComplete { get; init; }

    /// <summary>How the connection was closed; null if neither the handler nor ChatKit has closed it.</summary>
    public CloseInfo? Close { get; init; }
}

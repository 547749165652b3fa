using System.ComponentModel;

namespace ChatKit;

/// <summary>What a client asks for that reads its rooms with a single request.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class PollRequest
{
    /// <summary>How long to wait for something new. Default: zero, not at all.</summary>
    public TimeSpan Wait { get; init; }

    /// <summary>The maximum number of messages of the home room. Default: null, as many as fit.</summary>
    public int? Limit { get; init; }

    /// <summary>The tags of the states that the client has; see <see cref="PollResult.Tag"/>. Default: none.</summary>
    public IReadOnlyCollection<string> KnownTags { get; init; } = [];

    /// <summary>Further rooms that the client joins. Default: none.</summary>
    public IReadOnlyCollection<string> Rooms { get; init; } = [];

    /// <summary>
    /// Whether the result contains all frames of <see cref="ChatKitSubprotocol.V1"/>, for a client that speaks it. Default: false; the result
    /// describes the home room.
    /// </summary>
    public bool AsFrames { get; init; }
}

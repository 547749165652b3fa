namespace ChatKit.TestKit.Verification;

/// <summary>The violated guarantees.</summary>
public sealed class Verdict
{
    /// <summary>Messages that a client did not receive and that are in no gap.</summary>
    public List<string> Lost { get; } = [];

    /// <summary>Messages that a client received twice, or that are stored twice.</summary>
    public List<string> Duplicates { get; } = [];

    /// <summary>Messages that arrived in another order than that of the room or of their sender.</summary>
    public List<string> Reordered { get; } = [];

    /// <summary>Reported gaps that do not exist or have another size.</summary>
    public List<string> WrongGaps { get; } = [];

    /// <summary>Messages that are not at the position that other clients, or their acknowledgement, report.</summary>
    public List<string> Misplaced { get; } = [];

    /// <summary>The number of acknowledged messages that were deleted from the store before any client had received them.</summary>
    public int Unseen { get; set; }

    public IEnumerable<string> Problems => Lost.Concat(Duplicates).Concat(Reordered).Concat(WrongGaps).Concat(Misplaced);

    public bool IsClean => !Problems.Any();
}

namespace ChatKit.TestKit.Verification;

/// <summary>What was promised and not kept.</summary>
public sealed class Verdict
{
    /// <summary>Messages that a client did not get although no gap says so.</summary>
    public List<string> Lost { get; } = [];

    /// <summary>Messages that a client got twice, or that are stored twice.</summary>
    public List<string> Doubled { get; } = [];

    /// <summary>Messages that came in another order than that of the room, or of their sender.</summary>
    public List<string> Reordered { get; } = [];

    /// <summary>Gaps that are not there, or of another size.</summary>
    public List<string> WrongGaps { get; } = [];

    /// <summary>Messages that are not where everybody, or their acknowledgement, says.</summary>
    public List<string> Misplaced { get; } = [];

    /// <summary>How many messages were acknowledged and then deleted from the store before anybody had received them.</summary>
    public int Unseen { get; set; }

    public IEnumerable<string> Problems => Lost.Concat(Doubled).Concat(Reordered).Concat(WrongGaps).Concat(Misplaced);

    public bool IsClean => !Problems.Any();
}

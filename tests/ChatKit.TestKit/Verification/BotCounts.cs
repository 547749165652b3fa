namespace ChatKit.TestKit.Verification;

/// <summary>How often bots did, or received, what is not a message.</summary>
public readonly record struct BotCounts(
    int Edits,
    int Deletions,
    int Acknowledged,
    int Gone,
    int Changes,
    int Stale,
    int EditedOnArrival,
    int DeletedOnArrival,
    int Joins,
    int Leaves,
    int Reads,
    int SharedReads,
    int SentSignals,
    int Signals)
{
    public static BotCounts operator +(BotCounts one, BotCounts other) => new(
        one.Edits + other.Edits,
        one.Deletions + other.Deletions,
        one.Acknowledged + other.Acknowledged,
        one.Gone + other.Gone,
        one.Changes + other.Changes,
        one.Stale + other.Stale,
        one.EditedOnArrival + other.EditedOnArrival,
        one.DeletedOnArrival + other.DeletedOnArrival,
        one.Joins + other.Joins,
        one.Leaves + other.Leaves,
        one.Reads + other.Reads,
        one.SharedReads + other.SharedReads,
        one.SentSignals + other.SentSignals,
        one.Signals + other.Signals);
}

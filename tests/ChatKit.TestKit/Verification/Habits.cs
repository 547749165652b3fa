namespace ChatKit.TestKit.Verification;

/// <summary>What a <see cref="Bot"/> does besides sending messages. The shares are of its turns.</summary>
/// <param name="Rooms">The rooms that it visits, and leaves again.</param>
public sealed record Habits(IReadOnlyList<string> Rooms)
{
    /// <summary>Edits one of its own latest messages instead of sending one.</summary>
    public double Edits { get; init; } = 0.10;

    /// <summary>Deletes one of them instead of sending one.</summary>
    public double Deletions { get; init; } = 0.05;

    /// <summary>Sends how far it has read a room.</summary>
    public double Reads { get; init; } = 0.15;

    public double Signals { get; init; } = 0.10;

    /// <summary>Joins another room, if it is in none.</summary>
    public double Joins { get; init; } = 0.08;

    /// <summary>Leaves the other room.</summary>
    public double Leaves { get; init; } = 0.08;
}

namespace ChatKit.TestKit.Verification;

/// <summary>What the application of one client has received and sent.</summary>
/// <param name="Client">The name of the client.</param>
/// <param name="Room">The room of the client.</param>
/// <param name="Seen">What it received, in order.</param>
/// <param name="Sent">What it sent, in order.</param>
/// <param name="IsVisitor">Whether it joined after the first message and left before the last.</param>
public sealed record ClientLog(string Client, string Room, IReadOnlyList<Seen> Seen, IReadOnlyList<Sent> Sent, bool IsVisitor = false);

/// <summary>The deletions from the store of a room.</summary>
/// <param name="Messages">How often the messages were deleted.</param>
/// <param name="Streams">How often the last position was deleted, so that a new stream started.</param>
public readonly record struct Losses(int Messages, int Streams);

/// <summary>A message, or a gap.</summary>
/// <param name="Position">The position of the message, or of the one before the gap.</param>
/// <param name="Text">The message; null for a gap.</param>
/// <param name="Gap">The gap; null for a message.</param>
public readonly record struct Seen(MessagePosition Position, string? Text, SeenGap? Gap = null);

/// <summary>The reported gap, without its start.</summary>
public sealed record SeenGap(MessagePosition? Next, long? Missed, bool IsReset);

/// <summary>A sent message.</summary>
/// <param name="Text">The unique text of the message.</param>
/// <param name="Outcome">The outcome, as reported to its sender.</param>
/// <param name="Position">The position, as reported to its sender.</param>
public sealed record Sent(string Text, Outcome Outcome, MessagePosition? Position = null);

public enum Outcome
{
    /// <summary>The server has acknowledged it.</summary>
    Acknowledged,

    /// <summary>It may or may not be stored.</summary>
    Unknown,

    /// <summary>It was refused for good, or never sent.</summary>
    NotStored,
}

namespace ChatKit.TestKit.Verification;

/// <summary>What the application of one client has seen and sent.</summary>
/// <param name="Client">Its name.</param>
/// <param name="Room">The room it was in.</param>
/// <param name="Seen">What it was given, in this order.</param>
/// <param name="Sent">What it has sent, in this order.</param>
/// <param name="IsVisitor">Whether it came later than the first message, and left before the last.</param>
public sealed record ClientLog(string Client, string Room, IReadOnlyList<Seen> Seen, IReadOnlyList<Sent> Sent, bool IsVisitor = false);

/// <summary>What was deleted from the store of a room.</summary>
/// <param name="Messages">How often the messages were.</param>
/// <param name="Streams">How often the last position was, so that the stream began anew.</param>
public readonly record struct Losses(int Messages, int Streams);

/// <summary>A message, or a gap.</summary>
/// <param name="Position">The position of the message, or of the one before the gap.</param>
/// <param name="Text">The message; null for a gap.</param>
/// <param name="Gap">The gap; null for a message.</param>
public readonly record struct Seen(MessagePosition Position, string? Text, SeenGap? Gap = null);

/// <summary>What a client was told about missing messages, besides where they begin.</summary>
public sealed record SeenGap(MessagePosition? Next, long? Missed, bool IsReset);

/// <summary>A message that was sent.</summary>
/// <param name="Text">The message; no other is the same.</param>
/// <param name="Outcome">What its sender knows of it.</param>
/// <param name="Position">Where it is, as its sender was told.</param>
public sealed record Sent(string Text, Outcome Outcome, MessagePosition? Position = null);

public enum Outcome
{
    /// <summary>The server has it.</summary>
    Acknowledged,

    /// <summary>It may be stored or not.</summary>
    Unknown,

    /// <summary>It was refused for good, or never sent.</summary>
    NotStored,
}

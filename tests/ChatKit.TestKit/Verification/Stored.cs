namespace ChatKit.TestKit.Verification;

/// <summary>A message as it is in the store.</summary>
/// <param name="Position">Its position.</param>
/// <param name="Text">The present text; null if it was deleted.</param>
public readonly record struct Stored(MessagePosition Position, string? Text);

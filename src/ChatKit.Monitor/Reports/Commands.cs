namespace ChatKit.Monitor.Reports;

/// <summary>Asks to close a connection.</summary>
internal sealed record CloseCommand(string? Connection, string? Reason);

/// <summary>Asks to close all connections of a user.</summary>
internal sealed record DisconnectCommand(string? User, string? Reason);

/// <summary>Asks to delete a message.</summary>
internal sealed record DeleteCommand(string? Room, string? Position);

/// <summary>The answer to a command.</summary>
/// <param name="Done">Whether it was carried out.</param>
/// <param name="Problem">Why not; null if it was.</param>
internal sealed record Outcome(bool Done, string? Problem = null);

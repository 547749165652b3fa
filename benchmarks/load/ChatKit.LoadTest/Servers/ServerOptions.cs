namespace ChatKit.LoadTest.Servers;

/// <summary>The options of a .NET server.</summary>
/// <param name="Url">The URL to listen on.</param>
/// <param name="History">The number of messages that ChatKit's rooms keep; 0 for none.</param>
/// <param name="Host">The host settings.</param>
/// <param name="Redis">The address of Redis; null for none.</param>
/// <param name="Stream">Whether ChatKit uses the stream of the upgraded request instead of the pipe below it.</param>
/// <param name="Detach">Whether Connections of ChatKit leave the HTTP layer (UseChatKitConnections).</param>
internal sealed record ServerOptions(string Url, int History, HostSettings Host, string? Redis, bool Stream, bool Detach);

namespace ChatKit.LoadTest.Servers;

/// <summary>How a .NET server is to run.</summary>
/// <param name="Url">Where it listens.</param>
/// <param name="History">How many messages ChatKit's rooms keep; 0 = none.</param>
/// <param name="Host">Settings of the host.</param>
/// <param name="Redis">Where Redis is; null for none.</param>
/// <param name="Stream">Whether ChatKit uses the stream of the upgraded request instead of what lies under it.</param>
internal sealed record ServerOptions(string Url, int History, HostSettings Host, string? Redis, bool Stream);

namespace ChatKit.LoadTest.Runs;

/// <summary>How to start a server.</summary>
/// <param name="Name">The name in tables.</param>
/// <param name="Client">The way in which the generator reaches it.</param>
/// <param name="File">The program.</param>
/// <param name="Arguments">Its arguments, for a port, and for the address of Redis if it uses Redis.</param>
internal sealed record ServerSpec(string Name, string Client, string File, Func<int, string?, string[]> Arguments)
{
    public bool UsesRedis { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Variables { get; init; } = [];
}

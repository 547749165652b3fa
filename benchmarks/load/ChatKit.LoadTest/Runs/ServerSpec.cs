namespace ChatKit.LoadTest.Runs;

/// <summary>A server that can be started.</summary>
/// <param name="Name">What it is called in tables.</param>
/// <param name="Protocol">What the generator speaks to it.</param>
/// <param name="File">The program.</param>
/// <param name="Arguments">Its arguments for a port, and for where Redis is if it uses Redis.</param>
internal sealed record ServerSpec(string Name, string Protocol, string File, Func<int, string?, string[]> Arguments)
{
    public bool UsesRedis { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Variables { get; init; } = [];
}

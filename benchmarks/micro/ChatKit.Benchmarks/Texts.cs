namespace ChatKit.Benchmarks;

/// <summary>What is sent.</summary>
internal static class Texts
{
    public static string OfSize(int bytes) => new('x', bytes);
}

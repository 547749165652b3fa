namespace ChatKit.Benchmarks;

/// <summary>The texts to send.</summary>
internal static class Texts
{
    public static string OfSize(int bytes) => new('x', bytes);
}

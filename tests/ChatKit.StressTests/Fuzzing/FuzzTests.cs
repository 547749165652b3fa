namespace ChatKit.StressTests.Fuzzing;

public class FuzzTests
{
    private const int Seed = 42;

    /// <summary>A short run. README.md describes how to run longer, and with another seed.</summary>
    [Fact]
    public async Task Random_input_neither_crashes_nor_hangs_the_server_nor_leaks_memory()
    {
        var result = await FuzzRun.RunAsync(Seed, TimeSpan.FromSeconds(5));

        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsClean, result.ToString());
    }

    [Fact]
    public void A_seed_gives_the_same_case_each_time()
    {
        var (one, again) = (new FuzzCase(Seed), new FuzzCase(Seed));

        Assert.Equal(one.ToString(), again.ToString());
        Assert.Equal([.. one.Handshake, .. one.Stream], [.. again.Handshake, .. again.Stream]);
        Assert.Equal(one.Pieces().Select(static piece => piece.Piece.ToArray()), again.Pieces().Select(static piece => piece.Piece.ToArray()));
    }

    [Fact]
    public void Each_kind_is_corrupted_in_every_way()
    {
        var cases = Enumerable.Range(0, 500).Select(static seed => new FuzzCase(seed)).Select(static one => (one.Kind, one.Spoilt)).Distinct();

        Assert.Equal(Enum.GetValues<FuzzKind>().Length * Enum.GetValues<FuzzSpoilt>().Length, cases.Count());
    }
}

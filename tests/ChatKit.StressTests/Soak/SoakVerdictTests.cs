using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Soak;

public class SoakVerdictTests
{
    private const int MiB = 1024 * 1024;

    private static readonly ServerStats Usual = new(100 * MiB, 40 * MiB, 250, 20, 0, 0, 50, 0, 0, 0, []);

    [Fact]
    public void Constant_resources_are_no_problem()
    {
        Assert.Empty(Verdict(static _ => Usual).Problems);
    }

    [Fact]
    public void Growth_at_the_start_only_is_no_problem()
    {
        Assert.Empty(Verdict(static i => Usual with { Resident = Math.Min(i, 30) * MiB }).Problems);
    }

    [Fact]
    public void Resident_memory_that_grows_to_the_end_is_a_problem()
    {
        Assert.Contains("resident", Assert.Single(Verdict(static i => Usual with { Resident = (100 + i) * MiB }).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Objects_that_grow_to_the_end_are_a_problem()
    {
        Assert.Contains("objects", Assert.Single(Verdict(static i => Usual with { Managed = (40 + i) * MiB }).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Handles_that_grow_to_the_end_are_a_problem()
    {
        Assert.Contains("handles", Assert.Single(Verdict(static i => Usual with { Handles = 250 + i }).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Handles_of_additional_connections_are_not_counted()
    {
        Assert.Empty(Verdict(static i => Usual with { Handles = 250 + i, Connections = 50 + i }).Problems);
    }

    [Fact]
    public void An_unobserved_exception_is_a_problem()
    {
        Assert.Single(Verdict(static _ => Usual with { Unobserved = 1 }).Problems);
    }

    [Fact]
    public void An_error_in_the_log_is_a_problem()
    {
        Assert.Single(Verdict(static _ => Usual with { Errors = 1 }).Problems);
    }

    private static SoakVerdict Verdict(Func<int, ServerStats> stats) =>
        SoakVerdict.Of([.. Enumerable.Range(0, 90).Select(i => new SoakSample(i, stats(i)))]);
}

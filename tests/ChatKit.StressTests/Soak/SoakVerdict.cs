namespace ChatKit.StressTests.Soak;

/// <summary>Compares the resources of a server in the last third of a run with the middle third. Caches and pools fill in the first third.</summary>
internal sealed class SoakVerdict
{
    /// <summary>The allowed growth.</summary>
    private const double Growth = 0.05;

    /// <summary>
    /// The growth of objects that is always allowed, in bytes. The number of messages in flight differs between samples, and the refs of the
    /// last five minutes are kept, so their number grows during a short run.
    /// </summary>
    private const long ObjectSlack = 1024 * 1024;

    /// <summary>The allowed growth of handles other than those of connections.</summary>
    private const double HandleSlack = 5;

    private readonly List<string> _problems = [];

    private SoakVerdict(IReadOnlyList<SoakSample> samples)
    {
        var third = samples.Count / 3;
        var (middle, last) = (samples.Skip(third).Take(third).ToList(), samples.TakeLast(third).ToList());
        Resident = Compare(middle, last, "resident memory", 0, static sample => sample.Stats.Resident);
        Objects = Compare(middle, last, "the memory of objects", ObjectSlack, static sample => sample.Stats.Managed);
        Handles = Compare(middle, last, "handles", HandleSlack, static sample => sample.Stats.Handles - sample.Stats.Connections, growth: 0);
        var end = samples[^1].Stats;
        if (!end.IsClean)
            _problems.Add($"{end.Unobserved} exceptions were not observed, and {end.Errors} errors are in the log: {string.Join('\n', end.Problems)}");
    }

    /// <summary>The means of the middle third and of the last third.</summary>
    public (double Middle, double Last) Resident { get; }

    public (double Middle, double Last) Objects { get; }

    /// <summary>The handles other than those of connections.</summary>
    public (double Middle, double Last) Handles { get; }

    public IReadOnlyList<string> Problems => _problems;

    public static SoakVerdict Of(IReadOnlyList<SoakSample> samples) => new(samples);

    private (double Middle, double Last) Compare(
        List<SoakSample> middle, List<SoakSample> last, string what, double slack, Func<SoakSample, long> value, double growth = Growth)
    {
        var means = (Middle: middle.Average(value), Last: last.Average(value));
        if (means.Last > means.Middle + Math.Max(slack, means.Middle * growth))
            _problems.Add($"{what} grew from {means.Middle:N0} to {means.Last:N0}");
        return means;
    }
}

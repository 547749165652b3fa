using System.Text;
using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Fuzzing;

/// <summary>The outcome of the cases.</summary>
/// <param name="Seed">The seed of the first case. The others have consecutive seeds.</param>
/// <param name="Cases">The number of cases, each on its own connection.</param>
/// <param name="Took">The duration of the run.</param>
/// <param name="Outcomes">The number of connections by the way in which they ended.</param>
/// <param name="Problems">The problems that must not occur.</param>
internal sealed record FuzzResult(
    int Seed, int Cases, TimeSpan Took, IReadOnlyDictionary<string, int> Outcomes, IReadOnlyList<string> Problems)
{
    private const int MaxProblems = 40;

    public required ServerStats Before { get; init; }

    public required ServerStats After { get; init; }

    public bool IsClean => Problems.Count == 0;

    public override string ToString()
    {
        var text = new StringBuilder()
            .AppendLine($"seeds        {Seed} to {Seed + Cases - 1}")
            .AppendLine($"cases        {Cases:N0}, each on a connection of its own, in {Took.TotalSeconds:0} s")
            .AppendLine($"before       {Before}")
            .AppendLine($"after        {After}")
            .AppendLine($"unobserved   {After.Unobserved} exceptions, {After.Errors} errors in the log");
        foreach (var (outcome, count) in Outcomes.OrderByDescending(static outcome => outcome.Value))
            text.AppendLine($"  {count,9:N0}  {outcome}");
        foreach (var problem in Problems.Take(MaxProblems))
            text.AppendLine($"  {problem}");
        return text.ToString();
    }
}

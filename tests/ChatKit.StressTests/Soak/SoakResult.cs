using System.Text;
using ChatKit.TestKit.Verification;

namespace ChatKit.StressTests.Soak;

/// <summary>The result of a soak test for one server.</summary>
/// <param name="Name">The name of the server.</param>
/// <param name="Growth">Whether its resources grow.</param>
/// <param name="Delivery">Whether the resuming clients have received everything.</param>
/// <param name="Restless">The clients that were still missing messages in the end.</param>
/// <param name="Last">The last sample.</param>
internal sealed record SoakResult(string Name, SoakVerdict Growth, Verdict Delivery, IReadOnlyList<string> Restless, SoakSample Last)
{
    private const double MiB = 1024 * 1024;
    private const int MaxProblems = 40;

    /// <summary>The number of messages that resuming clients have sent.</summary>
    public required int Sent { get; init; }

    public required long Connections { get; init; }

    /// <summary>The number of connections that resumed.</summary>
    public required int Resumes { get; init; }

    /// <summary>The number of numbers that the short-lived clients received.</summary>
    public required long Received { get; init; }

    /// <summary>The number of them that were not the next one.</summary>
    public required long Wrong { get; init; }

    public IEnumerable<string> Problems =>
        [.. Growth.Problems, .. Delivery.Problems, .. Restless, .. Wrong == 0 ? [] : new[] { $"{Wrong} numbers were not the next one" }];

    public bool IsClean => !Problems.Any();

    public override string ToString()
    {
        var text = new StringBuilder()
            .AppendLine($"{Name}")
            .AppendLine($"  resident       {Growth.Resident.Middle / MiB:0.0} MiB in the middle third, {Growth.Resident.Last / MiB:0.0} in the last")
            .AppendLine($"  objects        {Growth.Objects.Middle / MiB:0.00} MiB, {Growth.Objects.Last / MiB:0.00}")
            .AppendLine($"  handles        {Growth.Handles.Middle:0} besides those of connections, {Growth.Handles.Last:0}")
            .AppendLine($"  unobserved     {Last.Stats.Unobserved} exceptions, {Last.Stats.Errors} errors in the log")
            .AppendLine($"  connections    {Connections:N0}, of which {Resumes:N0} have resumed and recovered everything")
            .AppendLine($"  messages       {Last.Stats.Messages:N0} handled, {Sent:N0} of them of clients that resume")
            .AppendLine($"  exactness      {Delivery.Lost.Count} lost, {Delivery.Duplicates.Count} duplicated, {Delivery.Reordered.Count} reordered, {Delivery.Misplaced.Count} misplaced, {Delivery.WrongGaps.Count} wrong gaps; {Wrong} of {Received:N0} numbers received wrongly");
        foreach (var problem in Problems.Take(MaxProblems))
            text.AppendLine($"  {problem}");
        return text.ToString();
    }
}

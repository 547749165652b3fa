using System.Text;
using ChatKit.TestKit.Verification;

namespace ChatKit.ChaosTests.Harness;

/// <summary>The result of a run.</summary>
internal sealed record ChaosResult(
    ChaosOptions Options,
    TimeSpan Took,
    IReadOnlyDictionary<FaultKind, int> Faults,
    IReadOnlyList<ClientLog> Logs,
    IReadOnlyDictionary<string, Losses> Losses,
    IReadOnlyList<string> NotAsItShouldBe,
    IReadOnlyList<string> Disagreements,
    IReadOnlyList<string> Errors,
    BotCounts Counts,
    IReadOnlyList<Ways> Ways,
    Kicks Kicks,
    Storms Storms,
    int Connections,
    int Resumes,
    long Dropped,
    int FellBehind,
    int NotStored,
    DirectoryInfo Folder)
{
    private const int MaxProblems = 40;

    public Verdict Verdict { get; } = Verifier.Verify(Logs, Server.HistoryCapacity, Losses);

    public bool IsClean => Verdict.IsClean && NotAsItShouldBe.Count == 0 && Disagreements.Count == 0 && Errors.Count == 0;

    /// <summary>Writes this result, and what each client has sent and received, next to the logs of the nodes.</summary>
    public async Task SaveAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(Folder.FullName, "result.log"), ToString());
        await File.WriteAllLinesAsync(
            Path.Combine(Folder.FullName, "clients.log"),
            Logs.SelectMany(static log =>
            {
                var who = $"{log.Client} in {log.Room}";
                return log.Sent.Select(sent => $"{who} {sent}").Concat(log.Seen.Select(seen => $"{who} {seen}"));
            }));
    }

    public override string ToString()
    {
        var sent = Logs.SelectMany(static log => log.Sent).ToLookup(static sent => sent.Outcome);
        var gaps = Logs.SelectMany(static log => log.Seen).Where(static seen => seen.Gap is not null).ToList();
        var text = new StringBuilder()
            .AppendLine($"seed            {Options.Seed}")
            .AppendLine($"duration        {Options.Duration.TotalSeconds:0} s of faults, {Took.TotalSeconds:0} s in all")
            .AppendLine($"faults          {Faults.Values.Sum()}: {string.Join(", ", Faults.OrderBy(static f => f.Key).Select(static f => $"{f.Key} {f.Value}"))}")
            .AppendLine($"sent            {Logs.Sum(static log => log.Sent.Count)}")
            .AppendLine($"acknowledged    {sent[Outcome.Acknowledged].Count()}")
            .AppendLine($"unknown         {sent[Outcome.Unknown].Count()}")
            .AppendLine($"refused         {sent[Outcome.NotStored].Count()}")
            .AppendLine($"delivered       {Logs.Sum(static log => log.Seen.Count(static seen => seen.Text is not null))}")
            .AppendLine($"duplicates      {Verdict.Duplicates.Count} seen by applications, {Dropped} dropped by clients")
            .AppendLine($"lost            {Verdict.Lost.Count}")
            .AppendLine($"reordered       {Verdict.Reordered.Count}")
            .AppendLine($"misplaced       {Verdict.Misplaced.Count}")
            .AppendLine($"gaps announced  {gaps.Count}, of {gaps.Sum(static gap => gap.Gap!.Missed)} messages, {Verdict.WrongGaps.Count} wrong")
            .AppendLine($"resets          {gaps.Count(static gap => gap.Gap!.IsReset)} announced; {Losses.Values.Sum(static lost => lost.Streams)} streams, {Losses.Values.Sum(static lost => lost.Messages)} times all messages deleted, {Verdict.Unseen} acknowledged messages deleted before anybody had them")
            .AppendLine($"kicks           {Kicks.Done}, {Kicks.Refused} refused; {Kicks.Closed} connections closed, within {Kicks.Longest.TotalSeconds:0.0} s without faults")
            .AppendLine($"join storms     {Storms.Joins} visitors with {Storms.Connections} connections, of which {Storms.Resumes} have recovered everything")
            .AppendLine($"notes           {Logs.SelectMany(static log => log.Seen).Where(static seen => seen.Text?.StartsWith(Verifier.Note, StringComparison.Ordinal) == true).DistinctBy(static seen => seen.Text).Count()} stored besides, by handlers that do something else each time")
            .AppendLine($"changes         {Counts.Edits} edits and {Counts.Deletions} deletions sent, {Counts.Acknowledged} acknowledged, {Counts.Gone} gone")
            .AppendLine($"changed         {Counts.Changes} times for applications; {Counts.Stale} changes had no effect; {Counts.EditedOnArrival} messages came edited, {Counts.DeletedOnArrival} deleted")
            .AppendLine($"disagreements   {Disagreements.Count}")
            .AppendLine($"visits          {Counts.Joins} joins, {Counts.Leaves} leaves")
            .AppendLine($"reads           {Counts.Reads} sent, {Counts.SharedReads} received")
            .AppendLine($"signals         {Counts.SentSignals} sent, {Counts.Signals} received")
            .AppendLine($"connections     {Connections}, of which {Resumes} have recovered everything")
            .AppendLine($"fell behind     {FellBehind} times")
            .AppendLine($"not stored      {NotStored} times, and sent again");
        foreach (var way in Ways)
            text.AppendLine($"{way.Transport,-16}{way}");
        foreach (var problem in NotAsItShouldBe.Concat(Disagreements).Concat(Errors).Concat(Verdict.Problems).Take(MaxProblems))
            text.AppendLine($"  {problem}");
        if (!IsClean)
            text.AppendLine($"logs            {Folder.FullName}");
        return text.ToString();
    }
}

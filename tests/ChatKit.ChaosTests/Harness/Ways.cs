using ChatKit.TestKit.Client;
using ChatKit.TestKit.Verification;

namespace ChatKit.ChaosTests.Harness;

/// <summary>What the clients of one transport did, and received in their own rooms.</summary>
internal sealed record Ways(
    TransportKind Transport, int Clients, int Connections, int Resumes, int Sent, int Acknowledged, int Delivered, long Dropped, BotCounts Counts)
{
    private static readonly TransportKind[] All = Enum.GetValues<TransportKind>();

    /// <summary>The transport of a client: each has a third of them, in each room.</summary>
    public static TransportKind Of(int client) => All[client % All.Length];

    public static IReadOnlyList<Ways> Of(IEnumerable<Bot> bots) => [.. bots.GroupBy(static bot => bot.Transport).Select(static way => Of(way.Key, [.. way]))];

    public override string ToString() =>
        $"{Clients} clients, {Connections} connections ({Resumes} recovered), {Sent} sent, {Acknowledged} acknowledged, {Delivered} delivered, "
        + $"{Dropped} dropped, {Counts.Acknowledged} changes acknowledged, {Counts.Changes} received, {Counts.Joins} joins, {Counts.Reads} reads sent, "
        + $"{Counts.Signals} signals received";

    private static Ways Of(TransportKind transport, Bot[] bots)
    {
        var logs = bots.Select(static bot => bot.Log()).ToList();
        return new Ways(
            transport,
            bots.Length,
            bots.Sum(static bot => bot.Connections),
            bots.Sum(static bot => bot.Resumes),
            logs.Sum(static log => log.Sent.Count),
            logs.Sum(static log => log.Sent.Count(static sent => sent.Outcome == Outcome.Acknowledged)),
            logs.Sum(static log => log.Seen.Count(static seen => seen.Text is not null)),
            bots.Sum(static bot => bot.Dropped),
            bots.Select(static bot => bot.Counts).Aggregate(static (sum, one) => sum + one));
    }
}

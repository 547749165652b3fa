using ChatKit.LoadTest.Workloads;

namespace ChatKit.LoadTest.Runs;

/// <summary>What is to be measured, and how.</summary>
/// <param name="Workloads">The workloads.</param>
/// <param name="Servers">The servers' names; empty for those that each workload is meant for.</param>
/// <param name="Repetitions">How often each is measured.</param>
/// <param name="WarmUp">Seconds before anything is measured.</param>
/// <param name="Duration">Seconds that are measured.</param>
/// <param name="Settle">Seconds for which memory is left to settle.</param>
/// <param name="Base">The server that the others are compared with.</param>
/// <param name="Markdown">A file for the tables; null for none.</param>
internal sealed record RunOptions(
    IReadOnlyList<Workload> Workloads,
    string[] Servers,
    int Repetitions,
    double WarmUp,
    double Duration,
    double Settle,
    string Base,
    string? Markdown)
{
    private static readonly string[] WithRedis = ["chatkit+redis", "chatkit+redis+recommended", "signalr+redis"];

    public string[] ServersFor(Workload workload)
    {
        if (Servers.Length == 0)
            return workload.Redis ? WithRedis : ServerCatalog.Default;
        return workload.Redis ? [.. Servers.Where(static name => name.Contains("+redis", StringComparison.Ordinal))] : Servers;
    }
}

using ChatKit.LoadTest.Workloads;

namespace ChatKit.LoadTest.Runs;

/// <summary>The options of a run.</summary>
/// <param name="Workloads">The workloads.</param>
/// <param name="Servers">The servers' names; empty for the default servers of each workload.</param>
/// <param name="Repetitions">The number of measurements of each server.</param>
/// <param name="WarmUp">The time before the measurement, in seconds.</param>
/// <param name="Duration">The time of the measurement, in seconds.</param>
/// <param name="Settle">The time in which memory can settle, in seconds.</param>
/// <param name="Base">The server to compare with.</param>
/// <param name="Markdown">The file to write the tables to; null for none.</param>
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
            return workload.Servers ?? (workload.Redis ? WithRedis : ServerCatalog.Default);
        return workload.Redis ? [.. Servers.Where(static name => name.Contains("+redis", StringComparison.Ordinal))] : Servers;
    }
}

using System.Text.Json.Serialization;

namespace ChatKit.StressTests.Serving;

/// <summary>The statistics that a server reports.</summary>
/// <param name="Resident">The memory of the process, in bytes.</param>
/// <param name="Managed">The memory of managed objects, in bytes.</param>
/// <param name="Handles">The number of open files and sockets.</param>
/// <param name="Threads">The number of threads.</param>
/// <param name="Pending">The number of work items that wait for a thread.</param>
/// <param name="Paused">The total time for which garbage collection has paused the process, in milliseconds.</param>
/// <param name="Connections">The number of connections with a handler.</param>
/// <param name="Messages">The number of messages that handlers received.</param>
/// <param name="Unobserved">The number of unobserved task exceptions.</param>
/// <param name="Errors">The number of logged errors.</param>
/// <param name="Problems">The last of these exceptions and errors.</param>
internal sealed record ServerStats(
    long Resident,
    long Managed,
    int Handles,
    int Threads,
    long Pending,
    double Paused,
    int Connections,
    long Messages,
    int Unobserved,
    int Errors,
    IReadOnlyList<string> Problems)
{
    /// <summary>Whether there are no problems.</summary>
    [JsonIgnore]
    public bool IsClean => Unobserved == 0 && Errors == 0;

    public override string ToString() =>
        $"{Managed:N0} bytes of objects, {Resident:N0} resident, {Handles} handles, {Threads} threads, {Connections} connections";
}

[JsonSerializable(typeof(ServerStats))]
internal sealed partial class StatsContext : JsonSerializerContext;

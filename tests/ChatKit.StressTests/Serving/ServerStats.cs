using System.Text.Json.Serialization;

namespace ChatKit.StressTests.Serving;

/// <summary>What a server says of itself.</summary>
/// <param name="Resident">The memory of the process, in bytes.</param>
/// <param name="Managed">The memory of its objects, in bytes.</param>
/// <param name="Handles">How many files and sockets are open.</param>
/// <param name="Threads">How many threads there are.</param>
/// <param name="Pending">How many work items wait for a thread.</param>
/// <param name="Paused">For how many milliseconds everything has stood still in all, to find what nobody needs.</param>
/// <param name="Connections">How many connections have a handler.</param>
/// <param name="Messages">How many messages handlers were given.</param>
/// <param name="Unobserved">How many exceptions of tasks nobody has observed.</param>
/// <param name="Errors">How many errors are in the log.</param>
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
    /// <summary>Whether nothing has happened that must not.</summary>
    [JsonIgnore]
    public bool IsClean => Unobserved == 0 && Errors == 0;

    public override string ToString() =>
        $"{Managed:N0} bytes of objects, {Resident:N0} resident, {Handles} handles, {Threads} threads, {Connections} connections";
}

[JsonSerializable(typeof(ServerStats))]
internal sealed partial class StatsContext : JsonSerializerContext;

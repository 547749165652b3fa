using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Soak;

/// <summary>The statistics of a server at one time of a soak test.</summary>
/// <param name="Seconds">The time since the start, in seconds.</param>
/// <param name="Stats">The statistics after a garbage collection.</param>
internal sealed record SoakSample(double Seconds, ServerStats Stats)
{
    public const string CsvHeader = "server,seconds,resident,objects,handles,threads,pending,connections,messages,unobserved,errors";

    public string Csv(string server) =>
        $"{server},{Seconds:0.0},{Stats.Resident},{Stats.Managed},{Stats.Handles},{Stats.Threads},{Stats.Pending},"
        + $"{Stats.Connections},{Stats.Messages},{Stats.Unobserved},{Stats.Errors}";
}

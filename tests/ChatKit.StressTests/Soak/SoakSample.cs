using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Soak;

/// <summary>A server at a moment of a soak.</summary>
/// <param name="Seconds">When, from the beginning.</param>
/// <param name="Stats">What it says of itself when everything is let go that nobody needs.</param>
internal sealed record SoakSample(double Seconds, ServerStats Stats)
{
    public const string CsvHeader = "server,seconds,resident,objects,handles,threads,pending,connections,messages,unobserved,errors";

    public string Csv(string server) =>
        $"{server},{Seconds:0.0},{Stats.Resident},{Stats.Managed},{Stats.Handles},{Stats.Threads},{Stats.Pending},"
        + $"{Stats.Connections},{Stats.Messages},{Stats.Unobserved},{Stats.Errors}";
}

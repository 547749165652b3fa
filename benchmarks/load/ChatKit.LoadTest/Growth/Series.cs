using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Workloads;

namespace ChatKit.LoadTest.Growth;

/// <summary>How one value of servers changes with the size of a workload: one picture.</summary>
/// <param name="Name">The name on the command line, and of the files.</param>
/// <param name="Title">The title of the picture.</param>
/// <param name="Subtitle">The unit of the values, and what is the same at all points.</param>
/// <param name="Across">What grows.</param>
/// <param name="Points">The default values of what grows.</param>
/// <param name="Workload">The workload of a point.</param>
/// <param name="Value">The value of a run.</param>
internal sealed record Series(
    string Name,
    string Title,
    string Subtitle,
    string Across,
    int[] Points,
    Func<int, Workload> Workload,
    Func<GeneratorResult, double?> Value)
{
    /// <summary>The deliveries per second at all points of a series in which something else grows. Every server can do this on one core.</summary>
    private const int Deliveries = 20_000;

    private const int LargeRoom = 1000;
    private const int MaxSenders = 60;

    public static IReadOnlyList<Series> All { get; } =
    [
        new(
            "members",
            "CPU per delivery in larger rooms",
            "µs; one room, 20,000 deliveries/s in all",
            "members of the room",
            [10, 100, 1000, 10_000],
            static members => Messages(1, members, Deliveries),
            static run => run.Cpu),
        new(
            "rooms",
            "CPU per delivery in more rooms",
            "µs; rooms of 2, 20,000 deliveries/s in all",
            "rooms",
            [1, 10, 100, 1000, 10_000],
            static rooms => Messages(rooms, 2, Deliveries),
            static run => run.Cpu),
        new(
            "connections",
            "Memory per connection",
            "KiB; idle connections in rooms of 10",
            "connections",
            [1000, 3000, 10_000, 20_000],
            static connections => WorkloadCatalog.Get("e") with { Rooms = connections / 10, Members = 10 },
            static run => run.KiBPerConnection),
        new(
            "load",
            "Latency up to saturation",
            "p99 in ms; one room of 1000 members",
            "deliveries/s",
            [30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000],
            static deliveries => Messages(1, LargeRoom, deliveries),
            static run => run.P99 / 1000)
        {
            EndsAtSaturation = true,
        },
    ];

    /// <summary>Whether what grows is the load, which ends where the server can't deliver it. The values are then on a logarithmic scale.</summary>
    public bool EndsAtSaturation { get; init; }

    /// <summary>The same with fewer connections at the points that have too many.</summary>
    public Series Within(int connections) => this with
    {
        Points = [.. Points.Select(x => (int)Math.Min(x, (long)x * connections / Workload(x).Connections)).Distinct()],
    };

    private static Workload Messages(int rooms, int members, int deliveriesPerSecond) => WorkloadCatalog.Get("b") with
    {
        Rooms = rooms,
        Members = members,
        Paced = Math.Min(members, MaxSenders),
        Rate = (double)deliveriesPerSecond / members,
    };
}

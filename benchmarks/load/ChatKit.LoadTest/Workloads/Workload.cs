namespace ChatKit.LoadTest.Workloads;

/// <summary>The rooms, the members, and how often they send.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="Title">The title in tables.</param>
/// <param name="Rooms">The number of rooms.</param>
/// <param name="Members">The number of members of each room.</param>
internal sealed record Workload(string Name, string Title, int Rooms, int Members)
{
    public WorkloadKind Kind { get; init; } = WorkloadKind.Messages;

    /// <summary>The number of busy rooms, in which <see cref="Eager"/> members send their next message when they receive their last one.</summary>
    public int BusyRooms { get; init; }

    /// <summary>The number of senders in a busy room.</summary>
    public int Eager { get; init; }

    /// <summary>The number of members of each other room that send at a fixed rate.</summary>
    public int Paced { get; init; }

    /// <summary>The number of messages per second that all paced members send together.</summary>
    public double Rate { get; init; }

    /// <summary>The rate before the measurement, if it is another, so that a server with little to do optimizes its code as well.</summary>
    public double? WarmUpRate { get; init; }

    /// <summary>The size of a text in bytes.</summary>
    public int Payload { get; init; } = 64;

    /// <summary>Whether the workload requires Redis.</summary>
    public bool Redis { get; init; }

    /// <summary>Whether to measure when a message reaches the last member. Use it only for one room with paced senders.</summary>
    public bool TracksLastMember => Rooms == 1 && BusyRooms == 0 && Kind == WorkloadKind.Messages;

    /// <summary>Whether the workload compares the ways to reach one server, with the requests and bytes that each takes.</summary>
    public bool ComparesTransports { get; init; }

    /// <summary>The servers that are measured by default, if they are not those of all workloads.</summary>
    public string[]? Servers { get; init; }

    public int Connections => Rooms * Members;
}

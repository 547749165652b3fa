namespace ChatKit.LoadTest.Workloads;

/// <summary>Who is where, and who sends how often.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="Title">What it is called in tables.</param>
/// <param name="Rooms">How many rooms there are.</param>
/// <param name="Members">How many members each room has.</param>
internal sealed record Workload(string Name, string Title, int Rooms, int Members)
{
    public WorkloadKind Kind { get; init; } = WorkloadKind.Messages;

    /// <summary>How many rooms are busy: there <see cref="Eager"/> members send their next message when they hear their last one.</summary>
    public int BusyRooms { get; init; }

    /// <summary>How many members of a busy room send.</summary>
    public int Eager { get; init; }

    /// <summary>How many members of each other room send by the clock.</summary>
    public int Paced { get; init; }

    /// <summary>How many messages a second all paced members send together.</summary>
    public double Rate { get; init; }

    /// <summary>How many bytes a text has.</summary>
    public int Payload { get; init; } = 64;

    /// <summary>Whether it needs Redis.</summary>
    public bool Redis { get; init; }

    /// <summary>Whether it is measured when a message has reached the last member: makes sense only in one room with paced senders.</summary>
    public bool TracksLastMember => Rooms == 1 && BusyRooms == 0 && Kind == WorkloadKind.Messages;

    public int Connections => Rooms * Members;
}

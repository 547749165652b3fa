namespace ChatKit.LoadTest.Workloads;

/// <summary>What a workload measures.</summary>
internal enum WorkloadKind
{
    /// <summary>Messages that go to everyone in a room.</summary>
    Messages,

    /// <summary>What connections cost on which nothing happens.</summary>
    Idle,

    /// <summary>How fast connections are made.</summary>
    Storm,
}

namespace ChatKit.LoadTest.Workloads;

/// <summary>What a workload measures.</summary>
internal enum WorkloadKind
{
    /// <summary>Messages that go to everyone in a room.</summary>
    Messages,

    /// <summary>The cost of idle connections.</summary>
    Idle,

    /// <summary>The rate at which connections are opened.</summary>
    Storm,
}

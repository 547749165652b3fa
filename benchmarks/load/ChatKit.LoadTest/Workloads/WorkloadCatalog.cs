namespace ChatKit.LoadTest.Workloads;

/// <summary>All workloads.</summary>
internal static class WorkloadCatalog
{
    private const int LargePayload = 4096;

    private static readonly Workload SmallRoom = new("a", "32 members, all send as fast as they receive their own messages", 1, 32)
    {
        BusyRooms = 1,
        Eager = 32,
    };

    private static readonly Workload LargeRoom = new("b", "1000 members, 60 messages/s in all", 1, 1000)
    {
        Paced = 60,
        Rate = 60,
    };

    public static IReadOnlyList<Workload> All { get; } =
    [
        SmallRoom,
        LargeRoom,
        new("b2", "1000 members, 200 of them send as fast as they receive their own messages", 1, 1000) { BusyRooms = 1, Eager = 200 },
        new("c", "10,000 members, 2 messages/s in all", 1, 10_000) { Paced = 2, Rate = 2 },
        new("d", "1000 rooms of 10: in 20 all send as fast as they receive their own messages, in the others 500 messages/s in all", 1000, 10)
        {
            BusyRooms = 20,
            Eager = 10,
            Paced = 1,
            Rate = 500,
        },
        new("e", "10,000 idle connections, in 1000 rooms of 10", 1000, 10) { Kind = WorkloadKind.Idle },
        new("e1", "10,000 idle connections, in one room", 1, 10_000) { Kind = WorkloadKind.Idle },
        new("f", "connect storm: 2000 connections in 200 rooms of 10, again and again", 200, 10) { Kind = WorkloadKind.Storm },
        SmallRoom with { Name = "ga", Title = SmallRoom.Title + ", 4096 bytes", Payload = LargePayload },
        LargeRoom with { Name = "gb", Title = LargeRoom.Title + ", 4096 bytes", Payload = LargePayload },
        new("h", "16 rooms of 8 with Redis, all send as fast as they receive their own messages", 16, 8) { BusyRooms = 16, Eager = 8, Redis = true },
        new("i", "500 members, 4 messages/s in all", 1, 500)
        {
            Paced = 4,
            Rate = 4,
            WarmUpRate = 16,
            Servers = ["chatkit+longpolling", "signalr+longpolling"],
        },
        new("j", "100 members, 1 message/s in all", 1, 100)
        {
            Paced = 1,
            Rate = 1,
            WarmUpRate = 20,
            ComparesTransports = true,
            Servers =
            [
                "chatkit+polling", "chatkit+longpolling", "chatkit+sse", "chatkit+v1", "chatkit",
                "signalr+longpolling", "signalr+sse", "signalr",
            ],
        },
    ];

    public static Workload Get(string name) => All.First(workload => workload.Name == name);
}

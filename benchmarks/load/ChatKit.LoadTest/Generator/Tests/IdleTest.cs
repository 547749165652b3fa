namespace ChatKit.LoadTest.Generator.Tests;

/// <summary>Measures how much the server's resident memory grows with idle connections.</summary>
internal sealed class IdleTest(GeneratorOptions options)
{
    /// <summary>Connections that are opened and closed first, so that code and pools that every server has are not counted.</summary>
    private const int FirstConnections = 200;

    public GeneratorResult Run()
    {
        WarmUp();
        var before = ProcessUsage.ResidentKiB(options.Process);

        using var fleet = new Fleet(options.Server, options.Client, new SilentListener());
        options.AddRooms(fleet);
        var closed = Snapshot.Take(options.Process, fleet);
        fleet.OpenAll();
        var open = Snapshot.Take(options.Process, fleet);
        fleet.Serve(options.Settle);
        var start = Snapshot.Take(options.Process, fleet);
        fleet.Serve(options.Duration);
        var end = Snapshot.Take(options.Process, fleet);

        var after = ProcessUsage.ResidentKiB(options.Process);
        return new GeneratorResult
        {
            KiBPerConnection = (after - before) / (double)options.Workload.Connections,
            Cpu = 1e6 * (end.ServerCpu - start.ServerCpu) / end.SecondsSince(start) / options.Workload.Connections,
            ConnectCpu = 1e6 * (open.ServerCpu - closed.ServerCpu) / options.Workload.Connections,
            ResidentMiB = after / 1024.0,
            Closes = fleet.Ended,
            FirstClose = fleet.FirstEnd,
        };
    }

    /// <summary>Opens and closes some connections.</summary>
    public void WarmUp()
    {
        using var fleet = new Fleet(options.Server, options.Client, new SilentListener());
        (options with { Workload = options.Workload with { Rooms = 20, Members = FirstConnections / 20 } }).AddRooms(fleet);
        fleet.OpenAll();
        fleet.CloseAll();
        fleet.Serve(options.WarmUp);
    }
}

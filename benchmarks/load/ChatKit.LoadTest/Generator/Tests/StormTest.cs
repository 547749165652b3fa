using System.Diagnostics;

namespace ChatKit.LoadTest.Generator.Tests;

/// <summary>Opens many connections as fast as the server accepts them, closes them, and starts again. Only the opening counts.</summary>
internal sealed class StormTest(GeneratorOptions options)
{
    private double _seconds;
    private double _cpu;
    private double _generatorCpu;
    private long _handshakes;

    public GeneratorResult Run()
    {
        Repeat(options.WarmUp);
        (_seconds, _cpu, _generatorCpu, _handshakes) = (0, 0, 0, 0);
        Repeat(options.Duration);
        return new GeneratorResult
        {
            HandshakesPerSecond = _handshakes / _seconds,
            Cpu = 1e6 * _cpu / _handshakes,
            ResidentMiB = ProcessUsage.ResidentKiB(options.Process) / 1024.0,
            GeneratorLoad = _generatorCpu / _seconds,
        };
    }

    private void Repeat(TimeSpan time)
    {
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time)
            OpenAndClose();
    }

    private void OpenAndClose()
    {
        using var fleet = new Fleet(options.Server, options.Client, new SilentListener());
        options.AddRooms(fleet);
        var start = Snapshot.Take(options.Process, fleet);
        fleet.OpenAll();
        var end = Snapshot.Take(options.Process, fleet);
        _seconds += end.SecondsSince(start);
        _cpu += end.ServerCpu - start.ServerCpu;
        _generatorCpu += end.GeneratorCpu - start.GeneratorCpu;
        _handshakes += options.Workload.Connections;
        fleet.CloseAll();
    }
}

using BenchmarkDotNet.Running;
using ChatKit.Benchmarks.Rooms;

if (args is ["turns"])
    await TurnTimes.RunAsync();
else
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);

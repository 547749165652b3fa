using BenchmarkDotNet.Running;
using ChatKit.Benchmarks.Guard;
using ChatKit.Benchmarks.Rooms;

switch (args)
{
    case ["guard", .. var rest]:
        return GuardRun.Run(update: rest is ["update"]);
    case ["turns", .. var members]:
        await TurnTimes.RunAsync([.. members.Select(int.Parse)]);
        return 0;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
}

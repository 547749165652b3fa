using System.CommandLine;
using System.Text.RegularExpressions;
using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Generator.Tests;
using ChatKit.LoadTest.Runs;
using ChatKit.LoadTest.Workloads;
using Microsoft.Diagnostics.Runtime;

namespace ChatKit.LoadTest.Profiles;

/// <summary>The command <c>memory</c>: prints what idle connections hold in a .NET server, by owner and by type.</summary>
internal static partial class MemoryCommand
{
    private const int LargestTypes = 25;

    /// <summary>A process's heap: the bytes and the number of objects of each type.</summary>
    private sealed record Heap(Dictionary<string, (long Bytes, long Count)> Types, long Free);

    public static Command Create()
    {
        var server = new Argument<string>("server") { Description = ServerCatalog.Help, DefaultValueFactory = _ => "chatkit" };
        var workload = new Option<string>("--workload") { Description = "e or e1.", DefaultValueFactory = _ => "e" };
        var settle = new Option<double>("--settle") { Description = "Seconds for memory to settle.", DefaultValueFactory = _ => 20 };
        workload.AcceptOnlyFromAmong([.. WorkloadCatalog.All.Where(static one => one.Kind == WorkloadKind.Idle).Select(static one => one.Name)]);
        var command = new Command("memory", "Prints what idle connections hold in a .NET server.") { server, workload, settle };
        command.SetAction(result => Run(
            ServerCatalog.Get(result.GetRequiredValue(server)),
            WorkloadCatalog.Get(result.GetRequiredValue(workload)),
            TimeSpan.FromSeconds(result.GetRequiredValue(settle))));
        return command;
    }

    private static void Run(ServerSpec server, Workload workload, TimeSpan settle)
    {
        DescriptorLimit.Raise(workload.Connections);
        using var process = ServerProcess.Start(server);
        var options = new GeneratorOptions(
            workload, process.Address, process.Id, ClientCatalog.All[server.Client], settle / 4, settle, settle, "memory");
        new IdleTest(options).WarmUp();
        var before = Read(process.Id);

        // After the snapshot, which makes the process larger.
        var resident = ProcessUsage.ResidentKiB(process.Id);

        using var fleet = new Fleet(options.Server, options.Client, new SilentListener());
        options.AddRooms(fleet);
        fleet.OpenAll();
        fleet.Serve(settle);
        var growth = 1024.0 * (ProcessUsage.ResidentKiB(process.Id) - resident) / workload.Connections;
        Print(before, Read(process.Id), growth, workload.Connections);
    }

    private static Heap Read(int process)
    {
        using var target = DataTarget.CreateSnapshotAndAttach(process);
        var version = target.ClrVersions[0];

        // The library that reads its heap comes with each runtime.
        var reader = Path.Combine(Path.GetDirectoryName(version.ModuleInfo.FileName)!, "libmscordaccore.so");
        using var runtime = version.CreateRuntime(reader, ignoreMismatch: true);
        var types = new Dictionary<string, (long Bytes, long Count)>();
        var free = 0L;
        foreach (var item in runtime.Heap.EnumerateObjects())
        {
            if (item.IsFree)
            {
                free += (long)item.Size;
                continue;
            }

            var name = item.Type?.Name ?? "unknown";
            var (bytes, count) = types.GetValueOrDefault(name);
            types[name] = (bytes + (long)item.Size, count + 1);
        }

        return new Heap(types, free);
    }

    private static void Print(Heap before, Heap after, double growth, double connections)
    {
        var types = after.Types
            .Select(type => (
                type.Key,
                Bytes: (type.Value.Bytes - before.Types.GetValueOrDefault(type.Key).Bytes) / connections,
                Count: (type.Value.Count - before.Types.GetValueOrDefault(type.Key).Count) / connections))
            .Where(static type => type.Bytes >= 1)
            .OrderByDescending(static type => type.Bytes)
            .ToList();
        var free = (after.Free - before.Free) / connections;
        var rows = types
            .GroupBy(static type => Owner.Of(type.Key))
            .Select(static owner => (owner.Key, Bytes: owner.Sum(static type => type.Bytes)))
            .OrderByDescending(static owner => owner.Bytes)
            .Append(("holes in the heap", free))
            .Append(("outside the heap, and rounding", growth - types.Sum(static type => type.Bytes) - free))
            .Append(("resident memory", growth));
        Console.WriteLine(ResultTable.Align(
            [["owner", "bytes per connection"], .. rows.Select(static row => new List<string> { row.Item1, row.Item2.ToString("N0") })]));
        Console.WriteLine(ResultTable.Align(
        [
            ["type", "owner", "objects per connection", "bytes per connection"],
            .. types.Take(LargestTypes).Select(static type => new List<string>
            {
                $"`{Shorten(type.Key)}`", Owner.Of(type.Key), type.Count.ToString("N1"), type.Bytes.ToString("N0"),
            }),
        ]));
    }

    /// <summary>Leaves out namespaces, what all state machines have in common, and arguments.</summary>
    private static string Shorten(string type)
    {
        var machine = StateMachine().Match(type);
        if (machine.Success)
            return $"{machine.Groups[1].Value}.{machine.Groups[2].Value}, async";
        var name = type.Split('<')[0];
        var isGeneric = name.Length < type.Length;
        return name[(name.LastIndexOf('.') + 1)..] + (isGeneric ? "<…>" : "") + (isGeneric && type.EndsWith("[]", StringComparison.Ordinal) ? "[]" : "");
    }

    [GeneratedRegex(@"AsyncStateMachineBox<.*?(\w+)(?:<[^+]*>)?\+<(\w+)>d__")]
    private static partial Regex StateMachine();
}

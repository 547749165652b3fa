using System.CommandLine;
using System.Diagnostics;
using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Runs;
using ChatKit.LoadTest.Workloads;

namespace ChatKit.LoadTest.Profiles;

/// <summary>
/// The command <c>stages</c>: prints where a .NET server's processor time for connecting goes, from the stacks that <c>perf</c> samples in
/// workload f.
/// </summary>
internal static class StagesCommand
{
    private const int WarmUp = 40;
    private const int Seconds = 15;

    /// <summary>All code is compiled at run time, and named for perf.</summary>
    private static readonly Dictionary<string, string> Variables = new()
    {
        ["DOTNET_PerfMapEnabled"] = "1",
        ["DOTNET_ReadyToRun"] = "0",
        ["DOTNET_EnableWriteXorExecute"] = "0",
    };

    /// <summary>Names that occur in the frames of each stage. The innermost frame that matches counts, and for it the first stage.</summary>
    private static readonly (string Stage, string[] Names)[] Stages =
    [
        ("close", ["::Shutdown(", "::DisposeAsync", "::EndAsync", "+<EndAsync>", "InboundMessages+<", "LeaveAll", "::Remove("]),
        ("history", ["MessageHistory", "CatchUp", "PageSource", "RoomTail", "StoredRoom"]),
        ("join", ["ChatKit.Rooms.", "ConnectionRooms", "Backplane"]),
        ("scope and handler", ["DependencyInjection", "HandlerInvoker", "WebSocketHandlerDriver"]),
        ("first frames", ["ChatKit.Connections.Transport", "ChatKit.WebSockets"]),
        ("connection's objects", ["[ChatKit] ChatKit.Connections", "[ChatKit] ChatKit."]),
        ("handshake", ["WebSocketMiddleware", "ChatKit.AspNetCore"]),
        ("routing, middleware, hosting",
            ["AspNetCore.Routing", "AspNetCore.Hosting", "AspNetCore.HostFiltering", "AspNetCore.Builder", "AspNetCore.Http"]),
        ("HTTP", ["Kestrel.Core.Internal.Http"]),
        ("TCP accept", ["SocketConnectionListener", "ConnectionDispatcher", "KestrelConnection", "SocketConnection::Start", "TransportConnection"]),
        ("reading and writing sockets", ["SocketConnection", "SocketReceiver", "SocketSender", "System.Net.Sockets", "IO.Pipelines", "IOQueue"]),
        ("thread pool", ["System.Threading.", "PortableThreadPool"]),
    ];

    public static Command Create()
    {
        var server = new Argument<string>("server") { Description = ServerCatalog.Help, DefaultValueFactory = _ => "chatkit" };
        var command = new Command("stages", "Prints where a .NET server's processor time for connecting goes. Needs perf.") { server };
        command.SetAction(result => Run(ServerCatalog.Get(result.GetRequiredValue(server))));
        return command;
    }

    private static int Run(ServerSpec server)
    {
        if (Programs.Find("perf") is not { } perf)
        {
            Console.Error.WriteLine("perf is not installed. On Debian: apt-get install linux-perf");
            return 1;
        }

        using var process = ServerProcess.Start(server, variables: Variables);
        using var generator = Measurement.StartGenerator(WorkloadCatalog.Get("f"), server, process, WarmUp, Seconds);
        var file = Path.GetTempFileName();
        try
        {
            Thread.Sleep(TimeSpan.FromSeconds(WarmUp + 1));
            if (!Programs.Succeeds(perf, "record", "-q", "-F", "1999", "-g", "-p", $"{process.Id}", "-o", file, "--", "sleep", "12"))
                throw new IOException("perf cannot record this process.");
            var result = GeneratorResult.Parse(generator.ReadToEnd() ?? throw new IOException(generator.Said));
            Print(Count(perf, file), result.Cpu.GetValueOrDefault());
            return 0;
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Returns the number of samples of each stage.</summary>
    private static Dictionary<string, int> Count(string perf, string file)
    {
        var counts = new Dictionary<string, int>();
        using var script = Process.Start(new ProcessStartInfo(perf, ["script", "-i", file, "-F", "comm,ip,sym,dso"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        script.ErrorDataReceived += static (_, _) => { };
        script.BeginErrorReadLine();
        string? thread = null;
        string? stage = null;
        var isRuntime = false;
        while (script.StandardOutput.ReadLine() is { } line)
        {
            if (line.Length == 0)
            {
                if (thread is not null)
                {
                    var name = thread.StartsWith(".NET Tiered", StringComparison.Ordinal) ? "compiling"
                        : isRuntime ? "runtime: allocation and collection"
                        : stage ?? (thread.StartsWith(".NET Sockets", StringComparison.Ordinal) ? "waiting for sockets" : "other");
                    counts[name] = counts.GetValueOrDefault(name) + 1;
                }

                (thread, stage, isRuntime) = (null, null, false);
            }
            else if (!char.IsWhiteSpace(line[0]))
            {
                thread = line.Trim();
            }
            else if (stage is null)
            {
                isRuntime |= line.Contains("libclrgc", StringComparison.Ordinal) || line.Contains("libcoreclr", StringComparison.Ordinal);
                stage = StageOf(line);
                isRuntime &= stage is null;
            }
        }

        script.WaitForExit();
        return counts;
    }

    private static string? StageOf(string frame) =>
        Stages.FirstOrDefault(stage => stage.Names.Any(name => frame.Contains(name, StringComparison.Ordinal))).Stage;

    private static void Print(Dictionary<string, int> counts, double cpu)
    {
        var all = (double)counts.Values.Sum();
        var rows = counts
            .OrderByDescending(static stage => stage.Value)
            .Select(stage => new List<string> { stage.Key, (stage.Value / all).ToString("P0"), (cpu * stage.Value / all).ToString("N1") });
        Console.WriteLine(ResultTable.Align([["stage", "share", "CPU µs per connection"], .. rows, ["all", "100 %", cpu.ToString("N1")]]));
    }
}

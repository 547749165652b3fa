using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Generator.Tests;
using ChatKit.LoadTest.Runs;

namespace ChatKit.LoadTest.Returning;

/// <summary>
/// The command <c>return</c>: a node with 10,000 clients is replaced by a new process. All come back at once, and each has missed 20 messages,
/// which are in Redis.
/// </summary>
internal static partial class ReturnCommand
{
    private const int Rooms = 1000;
    private const int MembersPerRoom = 10;
    private const int Missed = 20;

    public static Command Create()
    {
        var server = new Argument<string>("server") { Description = "chatkit+redis, with options.", DefaultValueFactory = _ => "chatkit+redis" };
        var command = new Command("return", "Lets 10,000 clients, each of which has missed 20 messages, come back to a new process at once.")
        {
            server,
        };
        command.SetAction(result => Run(ServerCatalog.Get(result.GetRequiredValue(server))));
        return command;
    }

    private static void Run(ServerSpec spec)
    {
        DescriptorLimit.Raise(Rooms * MembersPerRoom);
        using var redis = RedisProcess.Start();
        Dictionary<string, string> positions;
        using (var node = ServerProcess.Start(spec, redis.Endpoint))
            positions = Fill(node.Address);

        using var next = ServerProcess.Start(spec, redis.Endpoint);
        using var neighbours = new Neighbours(next.Address);
        var quiet = neighbours.Measure(TimeSpan.FromSeconds(5));
        neighbours.Forget();

        var protocol = new ReturningProtocol();
        foreach (var (room, position) in positions)
            protocol.Positions[room] = position;
        using var fleet = CreateFleet(next.Address, protocol, MembersPerRoom);
        var reads = Reads(redis.Endpoint);
        var start = Snapshot.Take(next.Id, fleet);
        fleet.OpenAll(neighbours.Serve);
        var end = Snapshot.Take(next.Id, fleet);
        reads = Reads(redis.Endpoint) - reads;
        if (protocol.Messages != Rooms * MembersPerRoom * Missed)
            throw new InvalidDataException($"{protocol.Messages} messages arrived instead of {Rooms * MembersPerRoom * Missed}.");

        Console.WriteLine(ResultTable.Align(
        [
            [
                "server", "s until all are back", "p50 ms to live", "p99 ms to live", "CPU µs each", "scripts called",
                "neighbours' p99 ms quiet", "and meanwhile",
            ],
            [
                spec.Name, Format(end.SecondsSince(start)), Format(protocol.UntilLive.Microseconds(0.5) / 1000),
                Format(protocol.UntilLive.Microseconds(0.99) / 1000), Format(1e6 * (end.ServerCpu - start.ServerCpu) / (Rooms * MembersPerRoom)),
                reads.ToString(CultureInfo.InvariantCulture), Format(quiet), Format(neighbours.P99()),
            ],
        ]));
    }

    /// <summary>Sends messages to each room. Returns the position of the first in each.</summary>
    private static Dictionary<string, string> Fill(IPEndPoint server)
    {
        var protocol = new ReturningProtocol();
        using var fleet = CreateFleet(server, protocol, members: 1);
        fleet.OpenAll();
        var first = new Dictionary<string, string>();
        var counts = new Dictionary<Connection, int>();
        var complete = 0;
        protocol.Received = (connection, position, _) =>
        {
            first.TryAdd(connection.Room.Name, position);
            Received(connection);
        };
        foreach (var connection in fleet.Connections)
            Send(connection);
        while (complete < Rooms)
            fleet.Poll(100);
        return first;

        void Received(Connection connection)
        {
            counts[connection] = counts.GetValueOrDefault(connection) + 1;
            if (counts[connection] > Missed)
                complete++;
            else
                Send(connection);
        }

        static void Send(Connection connection) =>
            connection.SendMessage("{\"type\":\"message\",\"data\":\"Somebody says something of usual length here.\"}"u8);
    }

    private static Fleet CreateFleet(IPEndPoint server, ReturningProtocol protocol, int members)
    {
        var fleet = new Fleet(server, (owner, room) => new ReturningClient(owner, room, protocol), new SilentListener());
        for (var i = 0; i < Rooms; i++)
        {
            var room = new RoomMembers($"room-{i}");
            for (var j = 0; j < members; j++)
                fleet.Add(room);
        }

        return fleet;
    }

    /// <summary>How many scripts Redis has run.</summary>
    private static long Reads(string endpoint)
    {
        var port = endpoint[(endpoint.LastIndexOf(':') + 1)..];
        using var cli = Process.Start(new ProcessStartInfo("redis-cli", ["-p", port, "info", "commandstats"]) { RedirectStandardOutput = true })!;
        return ScriptCalls().Matches(cli.StandardOutput.ReadToEnd())
            .Sum(static match => long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    private static string Format(double? value) => value.GetValueOrDefault().ToString("N1", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"cmdstat_(?:eval|evalsha|eval_ro|evalsha_ro|fcall):calls=(\d+)")]
    private static partial Regex ScriptCalls();
}

using System.Net;
using ChatKit.LoadTest.Workloads;

namespace ChatKit.LoadTest.Generator;

/// <summary>The options of the generator.</summary>
/// <param name="Workload">The workload.</param>
/// <param name="Server">The address of the server.</param>
/// <param name="Process">The server's process, on this machine.</param>
/// <param name="Client">Creates the clients.</param>
/// <param name="WarmUp">The time before the measurement starts.</param>
/// <param name="Duration">The time of the measurement.</param>
/// <param name="Settle">The time in which memory can settle before it is read.</param>
/// <param name="RoomPrefix">The prefix of all room names.</param>
internal sealed record GeneratorOptions(
    Workload Workload,
    IPEndPoint Server,
    int Process,
    ConnectionFactory Client,
    TimeSpan WarmUp,
    TimeSpan Duration,
    TimeSpan Settle,
    string RoomPrefix)
{
    /// <summary>The workload's rooms with their members, which are not connected yet.</summary>
    public List<RoomMembers> AddRooms(Fleet fleet)
    {
        var rooms = new List<RoomMembers>();
        for (var i = 0; i < Workload.Rooms; i++)
        {
            var room = new RoomMembers($"{RoomPrefix}-{i}");
            rooms.Add(room);
            for (var j = 0; j < Workload.Members; j++)
                fleet.Add(room);
        }

        return rooms;
    }
}

using System.Net;
using ChatKit.LoadTest.Generator.Protocols;
using ChatKit.LoadTest.Workloads;

namespace ChatKit.LoadTest.Generator;

/// <summary>What the generator is to do.</summary>
/// <param name="Workload">Who sends how often.</param>
/// <param name="Server">Where the server listens.</param>
/// <param name="Process">The server's process, on this machine.</param>
/// <param name="Protocol">What the server speaks.</param>
/// <param name="WarmUp">How long it works before anything is measured.</param>
/// <param name="Duration">How long is measured.</param>
/// <param name="Settle">How long memory is left to settle before it is read.</param>
/// <param name="RoomPrefix">What the rooms' names begin with.</param>
internal sealed record GeneratorOptions(
    Workload Workload,
    IPEndPoint Server,
    int Process,
    ClientProtocol Protocol,
    TimeSpan WarmUp,
    TimeSpan Duration,
    TimeSpan Settle,
    string RoomPrefix)
{
    /// <summary>The workload's rooms with their members, who are not connected yet.</summary>
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

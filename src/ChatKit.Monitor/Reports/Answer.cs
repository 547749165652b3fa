using System.Text.Json;

namespace ChatKit.Monitor.Reports;

/// <summary>The answer of one node.</summary>
/// <param name="Id">Identifies the question.</param>
/// <param name="NodeId">The node that answers.</param>
/// <param name="Node">The state of the node, if the question was for it.</param>
/// <param name="Room">What the node knows of the room, if the question was for it and the room has members there.</param>
/// <param name="Connections">Some connections: the slowest of the node, or members of the room.</param>
/// <param name="HasClosed">Whether the node had the connection, and closes it.</param>
internal sealed record Answer(
    string Id,
    string NodeId,
    NodeReport? Node = null,
    RoomReport? Room = null,
    IReadOnlyList<ConnectionReport>? Connections = null,
    bool HasClosed = false)
{
    /// <summary>
    /// The longest answer, in bytes. It has space for 50 rooms and 100 connections with names of usual lengths. Long names leave space for fewer.
    /// </summary>
    internal const int MaxLength = 64 * 1024;

    /// <summary>Encodes the answer. If it is too long, it contains fewer rooms and connections.</summary>
    public byte[] Encode()
    {
        var answer = this;
        byte[] bytes;
        while ((bytes = JsonSerializer.SerializeToUtf8Bytes(answer, ReportJson.Default.Answer)).Length > MaxLength && answer.HasLists)
            answer = answer.Halved();
        return bytes;
    }

    /// <summary>Decodes an answer. Returns null if it isn't one, or lacks something that this version needs.</summary>
    public static Answer? Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, ReportJson.Default.Answer) is { IsComplete: true } answer ? answer : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private bool HasLists => Connections is { Count: > 0 } || Node is { TopRooms.Count: > 0 };

    /// <summary>The serializer sets what a node of another version has left out to null, whatever the type says.</summary>
    private bool IsComplete =>
        Id is not null
        && NodeId is not null
        && Node is null or { Id: not null, Name: not null, Health.Status: not null, Counts: not null, Troubles: not null, TopRooms: not null }
        && Room is null or { Name: not null }
        && (Node?.TopRooms ?? []).All(static room => room is { Name: not null })
        && (Connections ?? []).All(static connection => connection is { Id: not null, Node: not null, Transport: not null, Rooms: not null });

    private Answer Halved() => this with
    {
        Connections = Connections is null ? null : [.. Connections.Take(Connections.Count / 2)],
        Node = Node is null ? null : Node with { TopRooms = [.. Node.TopRooms.Take(Node.TopRooms.Count / 2)] },
    };
}

using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>Reads a client's last positions in rooms from the query of its handshake: <c>?after=room~epoch:sequence/revision</c>, repeatable.</summary>
internal static class ResumePositions
{
    private const string Parameter = "after";

    public static IReadOnlyDictionary<string, StreamPosition> None => ReadOnlyDictionary<string, StreamPosition>.Empty;

    /// <summary>Whether the client sends more positions in its first frames: <c>?resume=frame</c>.</summary>
    public static bool FollowByFrame(IQueryCollection query) => query["resume"] == "frame";

    /// <param name="query">The query of the handshake.</param>
    /// <param name="positions">The client's last position in each room.</param>
    /// <param name="problem">What is wrong, short enough for a close frame; null if the query is valid.</param>
    public static bool TryRead(
        IQueryCollection query, out IReadOnlyDictionary<string, StreamPosition> positions, [NotNullWhen(false)] out string? problem) =>
        TryRead(query[Parameter], out positions, out problem);

    /// <param name="values">The positions, each with its room.</param>
    /// <param name="positions">The client's last position in each room.</param>
    /// <param name="problem">What is wrong, short enough for a close frame; null if the positions are valid.</param>
    public static bool TryRead(
        StringValues values, out IReadOnlyDictionary<string, StreamPosition> positions, [NotNullWhen(false)] out string? problem)
    {
        (positions, problem) = (None, null);
        if (values.Count == 0)
            return true;

        var read = new Dictionary<string, StreamPosition>();
        foreach (var value in values)
            problem ??= Read(value ?? "", read);
        positions = read;
        return problem is null;
    }

    public static IReadOnlyDictionary<string, MessagePosition> MessagesOf(IReadOnlyDictionary<string, StreamPosition> positions) =>
        positions.Count == 0
            ? ReadOnlyDictionary<string, MessagePosition>.Empty
            : positions.ToDictionary(static room => room.Key, static room => room.Value.Message);

    public static IReadOnlyDictionary<string, long> RevisionsOf(IReadOnlyDictionary<string, StreamPosition> positions) =>
        positions.Count == 0
            ? ReadOnlyDictionary<string, long>.Empty
            : positions
                .Where(static room => room.Value.Revision is not null)
                .ToDictionary(static room => room.Key, static room => room.Value.Revision.GetValueOrDefault());

    /// <summary>Reads one room's position. Returns what is wrong, or null. A name can contain a tilde, a position can't.</summary>
    private static string? Read(string value, Dictionary<string, StreamPosition> positions)
    {
        var tilde = value.LastIndexOf('~');
        if (tilde < 0 || !StreamPosition.TryParse(value[(tilde + 1)..], out var position))
            return $"'{Parameter}' must be a room and the last position seen there, such as {Parameter}=lobby~5k2j9:42";
        if (!RoomName.IsValid(value[..tilde], out _))
            return $"a room in '{Parameter}' has an invalid name";
        return positions.TryAdd(value[..tilde], position) ? null : $"'{Parameter}' names a room more than once";
    }
}

using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// Reads the last positions of a client from the id of the last event that it has received. A browser sends it when it opens an event stream
/// again.
/// </summary>
internal static class LastEventId
{
    private const string Header = "Last-Event-ID";

    /// <summary>
    /// Adds the positions to those of the query, and replaces those of the same rooms: a browser that connects again still has the query of its
    /// first request.
    /// </summary>
    public static bool TryAdd(
        IHeaderDictionary headers, ref IReadOnlyDictionary<string, StreamPosition> positions, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        var id = headers[Header].ToString();
        if (id.Length == 0)
            return true;

        // The room with the latest message is the first one. A connection may take the positions of some rooms only, and takes the first ones.
        var values = id.Split('&').Select(Uri.UnescapeDataString).ToArray();
        if (!ResumePositions.TryRead(values, out var ofId, out problem))
        {
            problem = $"{Header} must be the id of an event of this endpoint: {problem}";
            return false;
        }

        var all = ofId.ToDictionary();
        foreach (var (room, position) in positions)
            all.TryAdd(room, position);
        positions = all;
        return true;
    }
}

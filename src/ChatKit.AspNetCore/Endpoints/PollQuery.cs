using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>What a poll asks for, from the query and the headers of its request.</summary>
/// <param name="Request">The request to the rooms.</param>
/// <param name="After">The client's last position in each room.</param>
/// <param name="History">The frame that asks for older messages; null if the client does not want them.</param>
internal sealed record PollQuery(PollRequest Request, IReadOnlyDictionary<string, StreamPosition> After, byte[]? History)
{
    private const int MaxLimit = 1000;
    private const int DefaultLimit = 100;
    private const int MaxWait = 60;

    public static bool TryRead(
        HttpRequest request, string room, [NotNullWhen(true)] out PollQuery? poll, [NotNullWhen(false)] out string? problem)
    {
        var query = request.Query;
        poll = null;
        var asFrames = query["frames"] == "1";
        var after = ResumePositions.None;
        if (!TryReadNumber(query, "limit", 1, MaxLimit, out var limit, out problem) || !TryReadNumber(query, "wait", 0, MaxWait, out var wait, out problem))
            return false;
        if (asFrames ? !ResumePositions.TryRead(query, out after, out problem) : !TryReadAfter(query, room, ref after, out problem))
            return false;
        string[] rooms = asFrames ? [.. query["join"].OfType<string>().Distinct()] : [];
        foreach (var name in rooms)
        {
            if (!RoomName.IsValid(name, out problem))
                return false;
        }

        byte[]? history = null;
        if (query.TryGetValue("before", out var before))
        {
            if (!MessagePosition.TryParse(before, out _))
            {
                problem = "'before' must be the position of a message, such as before=5k2j9:42.";
                return false;
            }

            history = HistoryFrame(before.ToString(), limit);
        }

        poll = new PollQuery(
            new PollRequest
            {
                Wait = TimeSpan.FromSeconds(wait ?? 0),
                Limit = asFrames ? limit : limit ?? DefaultLimit,
                KnownTags = asFrames ? [] : TagsOf(request),
                Rooms = [.. rooms.Where(name => name != room)],
                AsFrames = asFrames,
            },
            after,
            history);
        return true;
    }

    private static bool TryReadAfter(
        IQueryCollection query, string room, ref IReadOnlyDictionary<string, StreamPosition> after, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        if (!query.TryGetValue("after", out var text))
            return true;
        if (!StreamPosition.TryParse(text, out var position))
        {
            problem = "'after' must be the position from an earlier answer, such as after=5k2j9:42.";
            return false;
        }

        after = new Dictionary<string, StreamPosition> { [room] = position };
        return true;
    }

    private static bool TryReadNumber(
        IQueryCollection query, string name, int min, int max, out int? value, [NotNullWhen(false)] out string? problem)
    {
        (value, problem) = (null, null);
        if (!query.TryGetValue(name, out var text))
            return true;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
        {
            value = number;
            return true;
        }

        problem = $"'{name}' must be a whole number from {min} to {max}.";
        return false;
    }

    private static string[] TagsOf(HttpRequest request) =>
        EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var tags) ? [.. tags.Select(RoomTag.Parse)] : [];

    private static byte[] HistoryFrame(string before, int? limit)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("type", "history");
            json.WriteString("before", before);
            if (limit is { } most)
                json.WriteNumber("limit", most);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }
}

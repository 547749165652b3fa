using System.Text;

namespace ChatKit.Rooms.Events;

/// <summary>A part of a node's answer to <see cref="UserCommand.List"/>.</summary>
/// <param name="Id">Identifies the question.</param>
/// <param name="IsLast">Whether this is the last part of the node's answer.</param>
/// <param name="Rooms">Some of the rooms that the user's connections on the node are in.</param>
internal sealed record RoomsAnswer(string Id, bool IsLast, IReadOnlyList<string> Rooms)
{
    /// <summary>The number of rooms in one part. An announcement has a few kilobytes, and a room's name has up to 765 bytes.</summary>
    private const int RoomsPerPart = 16;

    private const string Last = "last";
    private const string More = "more";
    private const char Separator = '\n';

    /// <summary>Encodes an answer, in one or more parts.</summary>
    public static IEnumerable<byte[]> Encode(string id, IReadOnlyCollection<string> rooms)
    {
        string[][] parts = rooms.Count == 0 ? [[]] : [.. rooms.Chunk(RoomsPerPart)];
        return parts.Select((part, i) => Encoding.UTF8.GetBytes(string.Join(Separator, [id, i == parts.Length - 1 ? Last : More, .. part])));
    }

    /// <summary>Decodes a part of an answer. Returns null if it isn't one.</summary>
    public static RoomsAnswer? Decode(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes).Split(Separator) switch
    {
        [var id, Last or More, ..] parts => new RoomsAnswer(id, parts[1] == Last, parts[2..]),
        _ => null,
    };
}

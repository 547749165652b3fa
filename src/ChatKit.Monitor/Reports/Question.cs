using System.Text.Json;

namespace ChatKit.Monitor.Reports;

internal enum QuestionKind
{
    /// <summary>Asks for the state of the node, and for its most active rooms and connections.</summary>
    Overview,

    /// <summary>Asks for what the node knows of one room.</summary>
    Room,

    /// <summary>Asks the node to close a connection if it has it.</summary>
    Close,
}

/// <summary>A question of one node to all nodes.</summary>
/// <param name="Id">Identifies the question.</param>
/// <param name="ReplyTo">The room in which the answers are announced.</param>
/// <param name="Kind">What is asked.</param>
/// <param name="Text">The text that names must contain, the name of the room, or the id of the connection.</param>
/// <param name="Reason">The reason for which a connection is closed.</param>
internal sealed record Question(string Id, string ReplyTo, QuestionKind Kind, string? Text = null, string? Reason = null)
{
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, ReportJson.Default.Question);

    /// <summary>Decodes a question. Returns null if it isn't one, or is one that this version doesn't know.</summary>
    public static Question? Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            // The serializer sets what is left out to null, whatever the type says.
            return JsonSerializer.Deserialize(bytes, ReportJson.Default.Question) is { Id: not null, ReplyTo: not null } question ? question : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

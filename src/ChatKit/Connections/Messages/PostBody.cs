using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace ChatKit.Connections.Messages;

/// <summary>Reads the body of a post: a frame, or an array of frames. Whether they are valid frames is the dialog's concern.</summary>
internal static class PostBody
{
    /// <summary>The frames of a body, each as it was sent.</summary>
    /// <param name="body">The body.</param>
    /// <param name="frames">The frames; null if the body is not JSON.</param>
    /// <param name="problem">What is wrong, for people; null if nothing is.</param>
    public static bool TryRead(
        ReadOnlyMemory<byte> body,
        [NotNullWhen(true)] out IReadOnlyList<ReadOnlyMemory<byte>>? frames,
        [NotNullWhen(false)] out string? problem)
    {
        (frames, problem) = (null, null);
        try
        {
            if (!Utf8.IsValid(body.Span))
                problem = "The body must be UTF-8.";
            else
                frames = Read(body);
        }
        catch (JsonException e)
        {
            problem = $"The body must be JSON (RFC 8259): a frame, or an array of frames; see line {e.LineNumber + 1}, near byte {e.BytePositionInLine}.";
        }

        return problem is null;
    }

    private static List<ReadOnlyMemory<byte>> Read(ReadOnlyMemory<byte> body)
    {
        var frames = new List<ReadOnlyMemory<byte>>();
        var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = 65 }); // A frame has 64 levels.
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            frames.Add(body);
        }
        else
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                frames.Add(body[start..(int)reader.BytesConsumed]);
            }
        }

        reader.Read(); // Nothing may follow.
        return frames;
    }
}

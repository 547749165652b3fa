using System.Text.Json;
using System.Text.Unicode;

namespace ChatKit.ChatKitV1;

/// <summary>Checks messages that are JSON (RFC 8259) before they are written into a frame as they are.</summary>
internal static class JsonPayload
{
    /// <summary>
    /// The largest number of nested levels. Frames have at most 64, and a message is four levels deep in the frame that contains most.
    /// </summary>
    public const int MaxDepth = 60;

    /// <summary>Whether a payload is one JSON value in UTF-8, with at most <see cref="MaxDepth"/> levels.</summary>
    public static bool IsValid(ReadOnlySpan<byte> payload)
    {
        // The reader doesn't check the bytes inside strings.
        if (!Utf8.IsValid(payload))
            return false;
        try
        {
            var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = MaxDepth });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <exception cref="ArgumentException">The payload isn't valid.</exception>
    public static void ThrowIfInvalid(ReadOnlySpan<byte> payload, string parameter)
    {
        if (!IsValid(payload))
            throw new ArgumentException($"The message is not JSON with at most {MaxDepth} levels of nesting.", parameter);
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatKit.ChatKitV1;

/// <summary>What a client's frame of the type <see cref="V1ClientFrame.HistoryType"/> contains besides the room.</summary>
internal sealed record V1HistoryFrame(string? Before, int? Limit)
{
    /// <summary>The largest number of messages that a client can request at once.</summary>
    public const int MaxLimit = 1000;

    private const int UsualLimit = 50;

    private static readonly string Problem =
        $"'before' must be the position of a message, such as \"5k2j9:42\", and 'limit' must be 1 to {MaxLimit}.";

    /// <summary>Reads a frame.</summary>
    /// <param name="received">A frame of this type, whose other members are valid.</param>
    /// <param name="before">The position before which to read; null for the latest messages.</param>
    /// <param name="limit">The maximum number of messages.</param>
    /// <returns>What is wrong with the frame, for people; null if it is valid.</returns>
    public static string? Read(WebSocketMessage received, out MessagePosition? before, out int limit)
    {
        (before, limit) = (null, UsualLimit);
        try
        {
            var frame = JsonSerializer.Deserialize(received.Data.Span, V1HistoryFrameContext.Default.V1HistoryFrame)!;
            limit = frame.Limit ?? UsualLimit;
            if (limit is < 1 or > MaxLimit)
                return Problem;
            if (frame.Before is null)
                return null;
            if (!V1ResumeFrame.TryReadPosition(frame.Before, out var position))
                return Problem;
            before = position;
            return null;
        }
        catch (JsonException)
        {
            return Problem;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(V1HistoryFrame))]
internal sealed partial class V1HistoryFrameContext : JsonSerializerContext;

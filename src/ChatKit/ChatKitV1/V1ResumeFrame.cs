using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatKit.ChatKitV1;

/// <summary>
/// A client's frame of the type <see cref="V1ClientFrame.ResumeType"/>: the client's last position in each room, and whether it is the last
/// such frame.
/// </summary>
internal sealed record V1ResumeFrame(Dictionary<string, string?>? After, bool Last)
{
    /// <summary>Far longer than any store's positions. It limits how much memory a client can use.</summary>
    private const int MaxPositionLength = 255;

    /// <summary>Reads a frame.</summary>
    /// <param name="received">A frame of this type.</param>
    /// <param name="positions">The positions by room; empty if there is a problem.</param>
    /// <param name="last">Whether the client sends no more positions.</param>
    /// <returns>What is wrong with the frame, for people; null if it is valid.</returns>
    public static string? Read(WebSocketMessage received, out Dictionary<string, StreamPosition> positions, out bool last)
    {
        (positions, last) = ([], false);
        V1ResumeFrame? frame;
        try
        {
            frame = JsonSerializer.Deserialize(received.Data.Span, V1ResumeFrameContext.Default.V1ResumeFrame);
        }
        catch (JsonException e)
        {
            return $"The frame is not valid: {e.Message}";
        }

        var read = new Dictionary<string, StreamPosition>();
        foreach (var (room, text) in frame?.After ?? [])
        {
            if (!RoomName.IsValid(room, out var problem))
                return problem;
            if (!TryRead(text, out var position))
                return "The member 'after' must contain the last position seen in each room, such as {\"lobby\":\"5k2j9:42\"}.";
            read.Add(room, position);
        }

        (positions, last) = (read, frame?.Last == true);
        return null;
    }

    /// <summary>Reads how far a client has followed a room.</summary>
    public static bool TryRead(string? text, out StreamPosition position)
    {
        position = default;
        return text is { Length: <= MaxPositionLength } && StreamPosition.TryParse(text, out position);
    }

    /// <summary>Reads the position of a message that a client has sent.</summary>
    public static bool TryReadPosition(string? text, out MessagePosition position)
    {
        position = default;
        return text is { Length: <= MaxPositionLength } && MessagePosition.TryParse(text, out position);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(V1ResumeFrame))]
internal sealed partial class V1ResumeFrameContext : JsonSerializerContext;

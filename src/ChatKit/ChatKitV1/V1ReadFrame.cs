using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatKit.ChatKitV1;

/// <summary>What a client's frame of the type <see cref="V1ClientFrame.ReadType"/> contains besides the room.</summary>
internal sealed record V1ReadFrame(string? Position)
{
    private const string Problem = "'position' must be the position up to which the user has read the room, such as \"5k2j9:42\".";

    /// <summary>Reads a frame.</summary>
    /// <param name="received">A frame of this type, whose other members are valid.</param>
    /// <param name="position">The position up to which the user has read the room.</param>
    /// <returns>What is wrong with the frame, for people; null if it is valid.</returns>
    public static string? Read(WebSocketMessage received, out MessagePosition position)
    {
        position = default;
        try
        {
            var frame = JsonSerializer.Deserialize(received.Data.Span, V1ReadFrameContext.Default.V1ReadFrame);
            return V1ResumeFrame.TryReadPosition(frame?.Position, out position) ? null : Problem;
        }
        catch (JsonException)
        {
            return Problem;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(V1ReadFrame))]
internal sealed partial class V1ReadFrameContext : JsonSerializerContext;

using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatKit.ChatKitV1;

/// <summary>What a client's frame of the type <see cref="V1ClientFrame.JoinType"/> contains besides the room.</summary>
internal sealed record V1JoinFrame(string? After)
{
    private const string Problem = "'after' must be the last position that the client has in the room, such as \"5k2j9:42\".";

    /// <summary>Reads a frame.</summary>
    /// <param name="received">A frame of this type, whose other members are valid.</param>
    /// <param name="after">The last position that the client has in the room; null if it has none, or if there is a problem.</param>
    /// <returns>What is wrong with the frame, for people; null if it is valid.</returns>
    public static string? Read(WebSocketMessage received, out StreamPosition? after)
    {
        after = null;
        try
        {
            if (JsonSerializer.Deserialize(received.Data.Span, V1JoinFrameContext.Default.V1JoinFrame)?.After is not { } text)
                return null;
            if (!V1ResumeFrame.TryRead(text, out var position))
                return Problem;
            after = position;
            return null;
        }
        catch (JsonException)
        {
            return Problem;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(V1JoinFrame))]
internal sealed partial class V1JoinFrameContext : JsonSerializerContext;

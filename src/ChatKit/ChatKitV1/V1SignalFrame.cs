using System.Text.Json;
using System.Text.Json.Serialization;
using ChatKit.Rooms.Events;

namespace ChatKit.ChatKitV1;

/// <summary>What a client's frame of the type <see cref="V1ClientFrame.SignalType"/> contains besides the room and the data.</summary>
internal sealed record V1SignalFrame(string? Name)
{
    /// <summary>Reads a frame.</summary>
    /// <param name="received">A frame of this type, whose other members are valid.</param>
    /// <param name="data">The frame's data; null if it has none.</param>
    /// <param name="name">The signal's name; empty if there is a problem.</param>
    /// <returns>What is wrong with the frame, for people; null if it is valid.</returns>
    public static string? Read(WebSocketMessage received, string? data, out string name)
    {
        name = "";
        try
        {
            var read = JsonSerializer.Deserialize(received.Data.Span, V1SignalFrameContext.Default.V1SignalFrame)?.Name;
            if ((SignalEvent.ProblemOfName(read) ?? SignalEvent.ProblemOfData(data)) is { } problem)
                return problem;
            name = read!;
            return null;
        }
        catch (JsonException)
        {
            return SignalEvent.ProblemOfName(null);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(V1SignalFrame))]
internal sealed partial class V1SignalFrameContext : JsonSerializerContext;

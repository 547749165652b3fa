using System.Text;
using System.Text.Json.Serialization;

namespace ChatKit.Rooms.Events;

/// <summary>
/// A signal to the members of a room, such as that a user is typing. It has no place in the order of the room's messages, is never stored, and
/// is not sent to slow members.
/// </summary>
/// <param name="Name">The signal's name.</param>
/// <param name="Data">The signal's data; null if it has none.</param>
/// <param name="From">The user that has sent it; null for an anonymous client, and for the application.</param>
/// <param name="ConnectionId">The connection that has sent it, which does not receive it; null for the application.</param>
internal sealed record SignalEvent(string Name, string? Data, string? From = null, string? ConnectionId = null) : RoomEvent
{
    /// <summary>The longest name, in UTF-16 code units.</summary>
    private const int MaxNameLength = 32;

    /// <summary>The largest data, in bytes of UTF-8.</summary>
    private const int MaxDataSize = 1024;

    /// <summary>What is wrong with a name, for people; null if it is valid.</summary>
    public static string? ProblemOfName(string? name) =>
        name is { Length: > 0 and <= MaxNameLength } ? null : $"The 'name' of a signal must have 1 to {MaxNameLength} characters.";

    /// <summary>What is wrong with the data, for people; null if it is valid.</summary>
    public static string? ProblemOfData(string? data) => data is null || Encoding.UTF8.GetByteCount(data) <= MaxDataSize
        ? null
        : $"The 'data' of a signal must have at most {MaxDataSize} bytes of UTF-8.";

    /// <exception cref="ArgumentException">The name or the data is not valid.</exception>
    public void ThrowIfInvalid()
    {
        ArgumentNullException.ThrowIfNull(Name, "name");
        if (ProblemOfName(Name) is { } problem)
            throw new ArgumentException(problem, "name");
        if (ProblemOfData(Data) is { } tooLarge)
            throw new ArgumentException(tooLarge, "data");
    }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SignalEvent))]
internal sealed partial class SignalEventContext : JsonSerializerContext;

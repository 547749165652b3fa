using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Storms;

/// <summary>A storm: many clients that join at once.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="Manner">What each client does.</param>
/// <param name="Clients">The number of clients.</param>
/// <param name="Rooms">The number of rooms that they join.</param>
/// <param name="Messages">The number of messages in each room that the clients have not received.</param>
/// <param name="MessageSize">The size of each of these messages, in bytes.</param>
internal sealed record Storm(string Name, StormManner Manner, int Clients, int Rooms, int Messages, int MessageSize)
{
    /// <summary>The outbound queue limit, in bytes.</summary>
    public int QueueLimit { get; init; } = StressServer.OutboundQueueLimit;

    /// <summary>Whether the clients resume from an earlier position.</summary>
    public bool Resumes { get; init; }
}

using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Storms;

/// <summary>Many clients that join at once.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="Manner">What each client does.</param>
/// <param name="Clients">How many clients there are.</param>
/// <param name="Rooms">How many rooms they join.</param>
/// <param name="Messages">How many messages each room has that the clients lack.</param>
/// <param name="MessageSize">How long each of these messages is, in bytes.</param>
internal sealed record Storm(string Name, StormManner Manner, int Clients, int Rooms, int Messages, int MessageSize)
{
    /// <summary>How much may wait for a client that reads slowly, in bytes.</summary>
    public int QueueLimit { get; init; } = StressServer.OutboundQueueLimit;

    /// <summary>Whether the clients have been there before, and say up to where they have the messages.</summary>
    public bool Resumes { get; init; }
}

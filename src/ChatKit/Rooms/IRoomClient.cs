using ChatKit.Wire;

namespace ChatKit.Rooms;

/// <summary>What a room needs of a connection.</summary>
internal interface IRoomClient
{
    string Id { get; }

    /// <summary>How the client is sent messages.</summary>
    WireFormat Format { get; }

    IOutbound Outbound { get; }

    /// <summary>Closes the connection because it cannot be given what it has missed.</summary>
    void CloseSlow(string reason);
}

using System.Net.WebSockets;
using ChatKit.Rooms.Events;

namespace ChatKit.Connections;

/// <summary>A connection as seen by its node, which counts and closes it.</summary>
internal interface INodeConnection : IOpenConnection
{
    /// <summary>Takes the connection out of a room that it joined up to the given time, and notifies the client.</summary>
    void LeaveByServer(UserCommand.Leave command, DateTimeOffset until);

    /// <summary>Closes the connection. Does nothing if it is closed.</summary>
    void Disconnect(WebSocketCloseStatus status, string? reason);

    /// <summary>
    /// Sends the client a random time within the given one, at which to open its next connection. Returns false if the client wouldn't
    /// understand, or if the connection lasts for one request only.
    /// </summary>
    bool TryAnnounceRestart(TimeSpan within);

    /// <summary>Closes the connection because the node is stopping, and sends the client a time at which to reconnect, unless it has one.</summary>
    void CloseForRestart();

    /// <summary>Ends the connection without a closing handshake.</summary>
    void Abort();
}

using System.Net.WebSockets;

namespace ChatKit.Connections.Transport;

/// <summary>Is notified of what a client sends and does.</summary>
internal interface ITransportListener
{
    /// <summary>Something has arrived from the client.</summary>
    void OnData();

    /// <summary>The client has sent a message. Completes when there is space for another one. Nothing is received meanwhile.</summary>
    ValueTask OnMessageAsync(WebSocketMessage message);

    /// <summary>The client has sent frames that are not messages. They count towards its rate.</summary>
    void OnFrames(int count);

    /// <summary>Everything that had arrived was passed on. Completes when the transport may receive more.</summary>
    ValueTask WaitToReceiveAsync();

    /// <summary>The client sends nothing more, and waits for the answers. Completes when the handler has handled everything.</summary>
    Task OnCompletedAsync();

    /// <summary>The client has closed the connection, or has answered the server's close. Completes when nothing is left to be sent.</summary>
    Task OnClosedAsync(WebSocketCloseStatus status, string? reason);

    /// <summary>The client has broken the protocol. Completes when nothing is left to be sent.</summary>
    /// <param name="status">The close code for this fault.</param>
    /// <param name="problem">The fault.</param>
    /// <param name="hasClosed">Whether the client has closed as well.</param>
    Task OnFaultAsync(WebSocketCloseStatus status, string problem, bool hasClosed);

    /// <summary>The client is gone without a close.</summary>
    void OnLost(Exception exception);

    /// <summary>Nothing is received any more. Never throws.</summary>
    Task OnEndAsync();
}

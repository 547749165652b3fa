namespace ChatKit.Client;

/// <summary>The state of a <see cref="ChatClient"/>.</summary>
public enum ChatState
{
    /// <summary><see cref="ChatClient.ConnectAsync"/> hasn't been called.</summary>
    NotConnected,

    /// <summary>The first attempt to connect, and catching up.</summary>
    Connecting,

    /// <summary>The client has received everything that it missed in its home room.</summary>
    Live,

    /// <summary>The connection is lost, or not established. The next attempt is scheduled, or in progress.</summary>
    Reconnecting,

    /// <summary>
    /// Closed by <see cref="ChatClient.DisposeAsync"/>, or by the server with a code that asks the client to stay away. In the latter case,
    /// <see cref="ChatClient.ConnectAsync"/> still tries to connect.
    /// </summary>
    Closed,
}

/// <summary>A way to reach the server.</summary>
public enum ChatTransport
{
    /// <summary>A WebSocket.</summary>
    WebSockets,

    /// <summary>An event stream, with a POST for what the client sends.</summary>
    ServerSentEvents,

    /// <summary>Long polls, with a POST for each message.</summary>
    Polling,
}

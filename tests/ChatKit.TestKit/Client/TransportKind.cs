namespace ChatKit.TestKit.Client;

/// <summary>The way in which a <see cref="ChatClient"/> reaches its server.</summary>
public enum TransportKind
{
    /// <summary>A WebSocket.</summary>
    WebSocket,

    /// <summary>A stream of server-sent events, and numbered POST requests for what the client sends.</summary>
    EventStream,

    /// <summary>Long polling, and a POST request for each frame that the client sends.</summary>
    Polling,
}

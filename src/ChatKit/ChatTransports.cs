namespace ChatKit;

/// <summary>The ways in which clients reach an endpoint.</summary>
[Flags]
public enum ChatTransports
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>A WebSocket (RFC 6455).</summary>
    WebSockets = 1,

    /// <summary>
    /// A stream of server-sent events (<c>text/event-stream</c>, https://html.spec.whatwg.org/multipage/server-sent-events.html). The client
    /// sends its frames with POST requests, to any node.
    /// </summary>
    ServerSentEvents = 2,

    /// <summary>
    /// Single requests: GET reads the room as JSON, and can wait for something new (long polling); POST sends a message. Each request is a
    /// short connection with a handler of its own.
    /// </summary>
    Polling = 4,

    /// <summary>All of them.</summary>
    All = WebSockets | ServerSentEvents | Polling,
}

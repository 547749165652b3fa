using System.ComponentModel;

namespace ChatKit;

/// <summary>The result of <see cref="WebSocketHandlerRunner.PostAsync"/>.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public enum PostResult
{
    /// <summary>The node that has the connection has the frames, or had them before. The answers follow on the connection.</summary>
    Accepted,

    /// <summary>The handler is slow, or an earlier post is missing. The client can send the same post again.</summary>
    Busy,

    /// <summary>The token isn't valid, or isn't one of this user.</summary>
    Forbidden,

    /// <summary>The connection has ended, or its node doesn't answer. The client needs a new connection.</summary>
    Gone,

    /// <summary>The body is larger than a message on this connection can be.</summary>
    TooLarge,
}

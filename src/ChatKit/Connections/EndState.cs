namespace ChatKit.Connections;

/// <summary>The state of a connection. It goes from <see cref="Open"/> to one of the others, and then to <see cref="Over"/>.</summary>
internal enum EndState
{
    Open,

    /// <summary>The server has closed the connection.</summary>
    ClosedHere,

    /// <summary>The client has closed the connection, or has broken the protocol.</summary>
    EndedByClient,

    /// <summary>The client is gone without a close frame.</summary>
    Lost,

    /// <summary>The connection was disposed of. Its transport may belong to another one.</summary>
    Over,
}

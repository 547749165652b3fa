namespace ChatKit.WebSockets;

/// <summary>The result of inflating a message.</summary>
internal enum InflateResult
{
    /// <summary>The message was inflated.</summary>
    Ok,

    /// <summary>The message exceeds the limit.</summary>
    TooBig,

    /// <summary>The message is not a complete deflate stream (RFC 1951).</summary>
    Corrupt,
}

namespace ChatKit.WebSockets;

/// <summary>What has become of a compressed message.</summary>
internal enum InflateResult
{
    /// <summary>It is whole again.</summary>
    Ok,

    /// <summary>It is larger than allowed.</summary>
    TooBig,

    /// <summary>It is not, or not to its end, what deflate makes (RFC 1951).</summary>
    Corrupt,
}

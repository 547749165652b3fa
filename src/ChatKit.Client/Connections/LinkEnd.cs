namespace ChatKit.Client.Connections;

/// <summary>How a connection ended, or an attempt to connect.</summary>
/// <param name="Code">The close code; 1006 if the connection was lost.</param>
/// <param name="Reason">The reason; can be empty.</param>
internal sealed record LinkEnd(int Code, string Reason)
{
    public const int Normal = 1000;
    public const int Lost = 1006;
    public const int Policy = 1008;
    public const int Busy = 1013;

    /// <summary>How long the server asks the client to wait.</summary>
    public TimeSpan? Earliest { get; init; }

    /// <summary>Nothing has arrived in time.</summary>
    public bool IsLate { get; init; }

    /// <summary>The server doesn't offer the transport.</summary>
    public bool IsNotOffered { get; init; }

    /// <summary>It says nothing about the transport, for example because the server can't be reached at all.</summary>
    public bool IsUnknown { get; init; }

    /// <summary>The client itself failed before it connected, for example because it got no token.</summary>
    public bool IsLocal { get; init; }

    /// <summary>Whether the client stays closed: the error would repeat, or the application has decided so.</summary>
    public bool IsFinal => Code is Normal or 1002 or 1003 or 1007 or 1009 or >= 3000;

    public static LinkEnd Broken(string reason = "") => new(Lost, reason);
}

/// <summary>Ends an attempt to connect.</summary>
internal sealed class LinkEndedException(LinkEnd end) : Exception(end.Reason)
{
    public LinkEnd End { get; } = end;
}

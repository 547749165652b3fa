namespace ChatKit.AspNetCore.Tests.Proxies;

/// <summary>How a reverse proxy differs from the one that <c>docs/how-to/reverse-proxy.md</c> describes.</summary>
internal sealed record ProxySettings
{
    /// <summary>How long the proxy waits for an application that sends nothing, in whole seconds; null for the time of the documentation.</summary>
    public int? IdleSeconds { get; init; }

    /// <summary>Whether the proxy compresses what clients accept compressed, also events.</summary>
    public bool Compresses { get; init; }

    /// <summary>Whether the proxy passes no upgrade on.</summary>
    public bool BlocksWebSockets { get; init; }
}

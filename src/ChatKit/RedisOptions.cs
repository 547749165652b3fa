namespace ChatKit;

/// <summary>Where Redis is, and which names ChatKit uses there.</summary>
public sealed class RedisOptions
{
    /// <summary>
    /// The StackExchange.Redis configuration string, such as <c>localhost:6379</c> or <c>redis:6380,ssl=true,password=…</c>; of a
    /// primary that Sentinel watches <c>sentinel:26379,serviceName=…</c>, of a cluster some of its nodes.
    /// Default: null, use the application's own <c>IConnectionMultiplexer</c> from the service provider.
    /// </summary>
    public string? Configuration { get; set; }

    /// <summary>
    /// What every key and every channel begins with, so that applications can share a server. Default: <c>chatkit:</c>; 1 to 100 characters without
    /// braces, which would change the cluster slot.
    /// </summary>
    public string KeyPrefix { get; set; } = "chatkit:";
}

namespace ChatKit;

/// <summary>Options for the connection to Redis and for the names that ChatKit uses there.</summary>
public sealed class RedisOptions
{
    /// <summary>
    /// The StackExchange.Redis configuration string, such as <c>localhost:6379</c> or <c>redis:6380,ssl=true,password=…</c>; for a primary
    /// that Sentinel monitors, <c>sentinel:26379,serviceName=…</c>; for a cluster, some of its nodes. Default: null, the
    /// <c>IConnectionMultiplexer</c> that the application has registered.
    /// </summary>
    public string? Configuration { get; set; }

    /// <summary>
    /// The prefix of all keys and channels, which lets applications share a server. Default: <c>chatkit:</c>; 1 to 100 characters. Braces
    /// aren't allowed, because they would change the cluster slot.
    /// </summary>
    public string KeyPrefix { get; set; } = "chatkit:";
}

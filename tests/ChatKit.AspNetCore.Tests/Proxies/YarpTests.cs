namespace ChatKit.AspNetCore.Tests.Proxies;

/// <summary>Behind YARP.</summary>
public sealed class YarpTests(RedisServer redis) : ProxyContract(redis), IClassFixture<RedisServer>
{
    private protected override async Task<ReverseProxy> StartProxyAsync(IReadOnlyList<Uri> nodes, ProxySettings settings) =>
        await Yarp.StartAsync(nodes, settings);
}

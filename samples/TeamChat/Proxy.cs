using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Transforms;

namespace TeamChat;

/// <summary>YARP in front of the nodes. It needs no sticky sessions: each request, and each new connection, can go to any node.</summary>
internal static class Proxy
{
    public static void AddProxy(this WebApplicationBuilder builder, Nodes nodes)
    {
        RouteConfig[] routes = [new() { RouteId = "all", ClusterId = "nodes", Match = new() { Path = "/{**path}" } }];
        ClusterConfig[] clusters =
        [
            new()
            {
                ClusterId = "nodes",
                LoadBalancingPolicy = "RoundRobin",
                HttpRequest = new() { ActivityTimeout = TimeSpan.FromMinutes(1) }, // Longer than PingInterval.
                HealthCheck = new()
                {
                    Active = new() { Enabled = true, Path = "/health/ready", Interval = TimeSpan.FromSeconds(1), Timeout = TimeSpan.FromSeconds(1) },
                },
                Metadata = new Dictionary<string, string> { ["ConsecutiveFailuresHealthPolicy.Threshold"] = "1" },
                Destinations = nodes.All.ToDictionary(
                    static node => node.Name,
                    static node => new DestinationConfig { Address = node.Address.AbsoluteUri }),
            },
        ];
        builder.Services.AddReverseProxy().LoadFromMemory([routes[0].WithTransformUseOriginalHostHeader()], clusters);
    }

    /// <summary>Maps what stops and starts nodes, for trying out what happens then.</summary>
    public static void MapNodeSwitches(this WebApplication app, Nodes nodes)
    {
        app.MapGet("/dev/nodes", () => nodes.All.Select(node => new { node.Name, IsRunning = nodes.IsRunning(node.Name) }));
        app.MapPost("/dev/nodes/{name}/stop", (string name) => nodes.StopAsync(name, isKilled: false));
        app.MapPost("/dev/nodes/{name}/kill", (string name) => nodes.StopAsync(name, isKilled: true));
        app.MapPost("/dev/nodes/{name}/start", (string name) => nodes.StartAsync(name));
    }
}

using System.Net;

namespace ChatKit.Monitor.Tests;

public sealed class OutageTests
{
    [Fact]
    public async Task Without_Redis_the_page_shows_its_own_node_and_what_is_wrong()
    {
        await using var redis = new RedisServer();
        await redis.StartAsync();
        await using var node = await MonitoredNode.StartAsync("one", redis, "test:");
        using var ann = await node.VisitAsync("ann", "green");
        await node.OverviewAsync(static o => o.Nodes is [{ Health.Status: "Healthy" }], "the node is healthy");

        await redis.KillAsync();

        var overview = await node.OverviewAsync(static o => o.IsAlone && o.Nodes is [{ Health.Status: "Degraded" }], "the node has lost Redis");
        Assert.Contains("Redis is unavailable", Assert.Single(overview.Nodes).Health.Problem);
        Assert.Equal("ann", Assert.Single(overview.Connections).User);
        Assert.NotNull((await node.RoomAsync("green")).Problem);
        var (status, outcome) = await node.CommandAsync("disconnect", new { user = "ann" });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.False(outcome.Done);
    }

    [Fact]
    public async Task A_single_node_needs_no_Redis()
    {
        await using var node = await MonitoredNode.StartAsync();
        using var ann = await node.VisitAsync("ann", "green");
        await ann.SendAsync("hi");
        await ann.ReceiveAsync("message");

        var overview = await node.OverviewAsync(static o => o.Rooms is [{ Present: 1 }], "ann is present");

        Assert.Equal((1, 0, false), (overview.Nodes.Count, overview.Unanswered, overview.IsAlone));
        Assert.Null(overview.Nodes[0].Health.RedisPing);
        Assert.Equal("hi", Assert.Single((await node.RoomAsync("green")).Messages).Text);
        Assert.Equal(HttpStatusCode.OK, (await node.CommandAsync("close", new { connection = ann.Id })).Status);
        await ann.CloseAsync();
    }
}

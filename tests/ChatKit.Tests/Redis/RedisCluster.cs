using System.Globalization;

namespace ChatKit.Tests.Redis;

/// <summary>A real cluster of three nodes without replicas, each with a third of the slots.</summary>
public sealed class RedisCluster : IAsyncLifetime
{
    private const int Slots = 16384;

    public IReadOnlyList<RedisServer> Nodes { get; } = [.. Enumerable.Range(0, 3).Select(static _ => CreateNode())];

    /// <summary>The configuration string of the cluster.</summary>
    public string Endpoints
    {
        get
        {
            Requirement.RedisServer();
            return string.Join(',', Nodes.Select(static node => node.Endpoint));
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (Requirement.RedisServerIfInstalled is null)
            return;

        foreach (var node in Nodes)
            await node.InitializeAsync();
        await MeetAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
            await node.DisposeAsync();
    }

    private static RedisServer CreateNode() => new()
    {
        // The port of the cluster's own traffic is otherwise 10000 higher, and there may be none such.
        Options =
        [
            "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-require-full-coverage", "no",
            "--cluster-port", RedisServer.FreePort().ToString(CultureInfo.InvariantCulture),
        ],
    };

    private async Task MeetAsync()
    {
        for (var i = 0; i < Nodes.Count; i++)
        {
            var (first, end) = (Slots * i / Nodes.Count, Slots * (i + 1) / Nodes.Count);
            Assert.Equal("+OK", await Nodes[i].CallAsync($"CLUSTER ADDSLOTSRANGE {first} {end - 1}"));
            if (i > 0)
            {
                var bus = Nodes[i].Options[^1];
                Assert.Equal("+OK", await Nodes[0].CallAsync($"CLUSTER MEET 127.0.0.1 {Nodes[i].Port} {bus}"));
            }
        }

        await SettleAsync();
    }

    /// <summary>Waits until the nodes have found each other. A test that has restarted some of them may have ended before that.</summary>
    public async Task SettleAsync()
    {
        foreach (var node in Nodes)
        {
            await Patience.UntilAsync(
                async () =>
                {
                    var info = await node.CallAsync("CLUSTER INFO");
                    return info.Contains("cluster_state:ok") && info.Contains($"cluster_slots_ok:{Slots}") && info.Contains("cluster_known_nodes:3");
                },
                "the nodes of the cluster have discovered each other");
        }
    }
}

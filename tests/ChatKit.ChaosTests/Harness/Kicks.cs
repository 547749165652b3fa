using System.Diagnostics;

namespace ChatKit.ChaosTests.Harness;

/// <summary>Disconnects users, and checks that each of their connections ends in time.</summary>
internal sealed class Kicks(Node[] nodes, RedisServer redis, Calm calm)
{
    private const int Attempts = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>The limit of calm time: until the next check, until the client has answered, and a margin for a busy machine.</summary>
    private static readonly TimeSpan Limit = Server.CheckInterval + Server.CloseTimeout + TimeSpan.FromSeconds(5);

    /// <summary>The number of disconnected users.</summary>
    public int Done { get; private set; }

    /// <summary>The number of users whose disconnection failed with an exception.</summary>
    public int Refused { get; private set; }

    /// <summary>The number of their connections that were open at that time and have ended.</summary>
    public int Closed { get; private set; }

    /// <summary>The longest time that one of them took, not counting the time in which a node or Redis was unhealthy.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>The connections that did not end in time.</summary>
    public List<string> Problems { get; } = [];

    /// <param name="user">The user to disconnect.</param>
    /// <param name="first">The node to ask first. If it does not answer or fails, another one is asked.</param>
    /// <param name="unheard">Whether the nodes lose their subscriptions just before.</param>
    public async Task KickAsync(string user, int first, bool unheard)
    {
        var open = new HashSet<(Node Node, string Id)>();
        foreach (var node in nodes)
            open.UnionWith((await node.AskAsync($"/connected/{user}") ?? []).Select(id => (node, id)));
        for (var i = 0; ; i++)
        {
            if (i == Attempts)
            {
                Refused++;
                return;
            }

            if (unheard)
                await redis.TryCallAsync("CLIENT KILL TYPE pubsub");
            if (await nodes[(first + i) % nodes.Length].PostAsync($"/kick/{user}"))
                break;
            await Task.Delay(Pause);
        }

        Done++;
        await WatchAsync(user, open);
    }

    private async Task WatchAsync(string user, HashSet<(Node Node, string Id)> open)
    {
        var (count, waited) = (open.Count, TimeSpan.Zero);
        while (true)
        {
            var (start, wasCalm) = (Stopwatch.GetTimestamp(), calm.IsNow);
            foreach (var node in nodes)
            {
                // A node that does not answer is frozen. A killed node will answer, and have none of these connections.
                if (await node.AskAsync($"/connected/{user}") is { } still)
                    open.RemoveWhere(one => one.Node == node && !still.Contains(one.Id));
            }

            if (open.Count == 0 || waited > Limit)
                break;
            await Task.Delay(Pause);
            if (wasCalm && calm.IsNow)
                waited += Stopwatch.GetElapsedTime(start);
        }

        Closed += count - open.Count;
        Longest = waited > Longest ? waited : Longest;
        foreach (var (node, id) in open)
            Problems.Add($"{user} was disconnected, and its connection {id} on {node.Name} is open after {waited.TotalSeconds:0.0} s without a fault");
    }
}

using System.Diagnostics;

namespace ChatKit.ChaosTests.Harness;

/// <summary>Disconnects users, and sees that each of their connections ends in time.</summary>
internal sealed class Kicks(Node[] nodes, RedisServer redis, Calm calm)
{
    private const int Attempts = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Of calm time: until the next check, until the client has answered, and a margin for a machine that is busy.</summary>
    private static readonly TimeSpan Limit = Server.CheckInterval + Server.CloseTimeout + TimeSpan.FromSeconds(5);

    /// <summary>How many users were disconnected.</summary>
    public int Done { get; private set; }

    /// <summary>How many users could not be disconnected, as the caller was told.</summary>
    public int Refused { get; private set; }

    /// <summary>How many of their connections were open then, and have ended.</summary>
    public int Closed { get; private set; }

    /// <summary>The longest time that one of them took, without the time in which a node or Redis was not well.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>Those that did not end in time.</summary>
    public List<string> Problems { get; } = [];

    /// <param name="user">Whom.</param>
    /// <param name="first">Which node is asked first. Another one is, if it does not answer or cannot.</param>
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
            if (await nodes[(first + i) % nodes.Length].TellAsync($"/kick/{user}"))
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
                // One that does not answer stands still; one that was killed will, and have none of them.
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

using System.Collections.Concurrent;
using System.Diagnostics;
using ChatKit.TestKit.Verification;

namespace ChatKit.ChaosTests.Harness;

/// <summary>Many clients that join a room at once, are all disconnected, resume, and leave.</summary>
internal sealed class Storms(Network network, ConcurrentDictionary<string, string> texts)
{
    private const int Visitors = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>The time limit. Other faults can delay some clients, and the storm does not wait for them.</summary>
    private static readonly TimeSpan Stay = TimeSpan.FromSeconds(8);

    private readonly ConcurrentBag<Bot> _visitors = [];
    private int _storms;

    /// <summary>What the visitors received.</summary>
    public IEnumerable<ClientLog> Logs => _visitors.Select(static visitor => visitor.Log());

    /// <summary>What the server must not have sent to them.</summary>
    public IEnumerable<string> Problems => _visitors.SelectMany(static visitor => visitor.Problems);

    public int Joins => _visitors.Count;

    public int Connections => _visitors.Sum(static visitor => visitor.Connections);

    public int Resumes => _visitors.Sum(static visitor => visitor.Resumes);

    public async Task RunAsync(string room, int seed)
    {
        var storm = Interlocked.Increment(ref _storms);
        Bot[] visitors = [.. Enumerable.Range(0, Visitors).Select(i => Start(i, $"v{storm}-{i}"))];
        await UntilLiveAsync(visitors);
        foreach (var visitor in visitors)
            visitor.StayAway(TimeSpan.Zero);
        await UntilLiveAsync(visitors);
        await Task.WhenAll(visitors.Select(static visitor => visitor.DisposeAsync().AsTask()));

        Bot Start(int number, string name)
        {
            var visitor = new Bot(
                name, room, seed, nodes => network.AddressOf(nodes, room, name), network.Invoker, texts, isVisitor: true, transport: Ways.Of(number));
            _visitors.Add(visitor);
            seed++;
            return visitor;
        }
    }

    private static async Task UntilLiveAsync(Bot[] visitors)
    {
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Stay && !Array.TrueForAll(visitors, static visitor => visitor.IsQuiet))
            await Task.Delay(Pause);
    }
}

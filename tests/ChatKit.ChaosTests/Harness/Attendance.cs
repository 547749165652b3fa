using ChatKit.TestKit.Client;
using ChatKit.TestKit.Verification;

namespace ChatKit.ChaosTests.Harness;

/// <summary>
/// Checks the presence at the end. It ignores visitors, because those of a killed node can be listed for a minute. Clients that poll are never
/// listed, because each poll is a connection of its own.
/// </summary>
internal static class Attendance
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>Waits until the right bots are listed in their rooms on each node. Returns those that are not, or that must not be.</summary>
    public static Task<IReadOnlyList<string>> MissingAsync(Node[] nodes, IReadOnlyCollection<Bot> bots) =>
        Settling.ProblemsAfterAsync(Limit, async () =>
        {
            var missing = new List<string>();
            foreach (var node in nodes)
            {
                foreach (var room in bots.GroupBy(static bot => bot.Room))
                {
                    var present = await node.AskAsync($"/present/{room.Key}") ?? [];
                    var polling = room.ToLookup(static bot => bot.Transport == TransportKind.Polling, static bot => bot.Name);
                    missing.AddRange(polling[false].Except(present).Select(name => $"{node.Name} does not list {name} in {room.Key}"));
                    missing.AddRange(polling[true].Intersect(present).Select(name => $"{node.Name} lists {name} in {room.Key}, which polls"));
                }
            }

            return missing;
        });
}

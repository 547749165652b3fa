using ChatKit.TestKit.Verification;

namespace ChatKit.ChaosTests.Harness;

/// <summary>Checks the presence at the end. It ignores visitors, because those of a killed node can be listed for a minute.</summary>
internal static class Attendance
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>Waits until all bots are listed in their rooms on each node. Returns those that are not.</summary>
    public static Task<IReadOnlyList<string>> MissingAsync(Node[] nodes, IReadOnlyCollection<Bot> bots) =>
        Settling.ProblemsAfterAsync(Limit, async () =>
        {
            var missing = new List<string>();
            foreach (var node in nodes)
            {
                foreach (var room in bots.GroupBy(static bot => bot.Room))
                {
                    var present = await node.AskAsync($"/present/{room.Key}") ?? [];
                    missing.AddRange(room.Where(bot => !present.Contains(bot.Name)).Select(bot => $"{node.Name} does not list {bot.Name} in {room.Key}"));
                }
            }

            return missing;
        });
}

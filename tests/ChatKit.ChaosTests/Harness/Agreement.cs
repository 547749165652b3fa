using ChatKit.TestKit.Verification;

namespace ChatKit.ChaosTests.Harness;

/// <summary>Checks at the end that what the bots show is what is stored, and that everything that they have read counts as read.</summary>
internal static class Agreement
{
    /// <summary>Several times the interval at which a connection stores what its user has read, and at which a room is checked.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Waits until all bots agree with the store. Returns how they differ.</summary>
    public static Task<IReadOnlyList<string>> DifferencesAsync(Node[] nodes, IReadOnlyCollection<Bot> bots) =>
        Settling.ProblemsAfterAsync(Limit, async () =>
        {
            var differences = new List<string>();
            foreach (var room in InRooms(bots))
            {
                if (await nodes[0].AskAsync($"/stored/{room.Key}") is { } lines)
                {
                    var stored = lines.Select(Parse).ToList();
                    differences.AddRange(room.SelectMany(bot => bot.Compare(room.Key, stored)));
                }
                else
                {
                    differences.Add($"{nodes[0].Name} does not list {room.Key}");
                }
            }

            return differences;
        });

    /// <summary>Lets each bot send how far it has read, once on each connection, and waits until it counts. Returns what does not.</summary>
    public static Task<IReadOnlyList<string>> UnreadAsync(Node[] nodes, IReadOnlyCollection<Bot> bots)
    {
        var rest = InRooms(bots).SelectMany(static room => room.Select(bot => (Room: room.Key, Bot: bot, Connection: 0))).ToList();
        return Settling.ProblemsAfterAsync(Limit, async () =>
        {
            var unread = new List<string>();
            for (var i = rest.Count - 1; i >= 0; i--)
            {
                var (room, bot, connection) = rest[i];
                if (connection != bot.Connections && bot.SendRead(room))
                    rest[i] = (room, bot, bot.Connections);
                var node = nodes[i % nodes.Length];
                var count = (await node.AskAsync($"/unread/{room}/{bot.Name}"))?.FirstOrDefault();
                if (count == "0")
                    rest.RemoveAt(i);
                else
                    unread.Add($"{bot.Name} has read {room}, and has {count ?? "an unknown number of"} unread messages there, says {node.Name}");
            }

            return unread;
        });
    }

    private static IEnumerable<IGrouping<string, Bot>> InRooms(IEnumerable<Bot> bots) =>
        bots.SelectMany(static bot => bot.Rooms.Select(room => (Room: room, Bot: bot))).GroupBy(static one => one.Room, static one => one.Bot);

    private static Stored Parse(string line) =>
        line.Split('\t') is [var position, var deleted, var text]
            ? new Stored(MessagePosition.Parse(position), deleted.Length > 0 ? null : text)
            : throw new FormatException($"'{line}' is not a stored message.");
}

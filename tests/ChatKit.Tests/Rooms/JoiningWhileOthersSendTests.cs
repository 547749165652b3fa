using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Rooms;

public class JoiningWhileOthersSendTests
{
    private const int Clients = 50;
    private const int Messages = 5000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Each_client_gets_a_contiguous_tail(int seed)
    {
        await using var host = new ChatHost();
        var random = new Random(seed);
        var moments = new Queue<int>(Enumerable.Range(0, Clients).Select(_ => random.Next(Messages)).Order());
        List<Task<List<string>>> tails = [];
        for (var i = 1; i <= Messages; i++)
        {
            while (moments.TryPeek(out var moment) && moment < i)
            {
                moments.Dequeue();
                tails.Add(Task.Run(() => host.Connect().Client.ReceiveUntilAsync($"{Messages}")));
            }

            await host.Broadcaster.BroadcastAsync("lobby", $"{i}");
        }

        foreach (var tail in await Task.WhenAll(tails).Soon())
            Assert.Equal(Enumerable.Range(Messages - tail.Count + 1, tail.Count).Select(static i => $"{i}"), tail);
    }
}

using System.Globalization;
using Microsoft.AspNetCore.Builder;

namespace ChatKit.AspNetCore.Tests.Rooms;

public class JoinUnderLoadTests
{
    private const int Messages = 3000;
    private const int Clients = 50;
    private const int Stored = 100;

    [Fact]
    public async Task A_client_that_joins_under_load_receives_every_later_message_once_in_order()
    {
        await using var server = await ChatServer.StartAsync(static app => app.MapWebSocketHandler<ChatRoom>("/chat/{room}"));
        await using var writer = await server.ConnectAsync("/chat/lobby");
        var random = new Random(20261122);
        var moments = Enumerable.Range(0, Messages).Select(static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();
        var joining = Enumerable.Range(0, Clients).Select(_ => JoinAsync(server, moments[random.Next(Messages)].Task)).ToList();

        var own = ReadAsync(writer);
        for (var i = 1; i <= Messages; i++)
        {
            await writer.SendAsync(i.ToString(CultureInfo.InvariantCulture));
            moments[i - 1].SetResult();
        }

        Assert.Equal(Enumerable.Range(1, Messages), await own);
        foreach (var seen in await Task.WhenAll(joining))
        {
            Assert.InRange(seen[0], 1, Messages - Stored + 1);
            Assert.Equal(Enumerable.Range(seen[0], Messages - seen[0] + 1), seen);
        }
    }

    private static async Task<List<int>> JoinAsync(ChatServer server, Task moment)
    {
        await moment;
        await using var client = await server.ConnectAsync("/chat/lobby");
        return await ReadAsync(client);
    }

    private static async Task<List<int>> ReadAsync(ChatClient client)
    {
        var seen = new List<int>();
        do
        {
            seen.Add(int.Parse(await client.ReceiveAsync(), CultureInfo.InvariantCulture));
        }
        while (seen[^1] != Messages);
        return seen;
    }
}

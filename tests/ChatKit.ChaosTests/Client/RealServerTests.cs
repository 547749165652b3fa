using System.Globalization;
using System.Net.WebSockets;
using ChatKit.ChaosTests.Harness;
using ChatKit.TestKit.Client;
using Microsoft.AspNetCore.Builder;

namespace ChatKit.ChaosTests.Client;

public class RealServerTests
{
    [Fact]
    public async Task A_sent_message_arrives_at_the_position_of_its_acknowledgement()
    {
        await using var server = Server.Create(0, redis: null);
        await server.StartAsync();
        await using var client = Clients.Start(AddressOf(server));

        var ack = await client.SendAsync("hi").Soon();
        var message = await client.NextAsync<MessageReceived>();

        Assert.Equal(("lobby", ack.Position, "hi"), (message.Room, message.Position, message.Text));
        Assert.NotNull(ack.Position);
    }

    [Fact]
    public async Task A_client_that_is_disconnected_repeatedly_has_no_gaps_and_no_duplicates()
    {
        const int Count = 60;
        await using var server = Server.Create(0, redis: null);
        await server.StartAsync();
        await using var sender = Clients.Start(AddressOf(server));
        await using var reader = Clients.Start(AddressOf(server));
        await reader.NextAsync<BecameLive>();

        for (var i = 0; i < Count; i++)
        {
            _ = sender.SendAsync(i.ToString(CultureInfo.InvariantCulture));
            if (i % 7 == 3)
                sender.Abort();
            if (i % 5 == 2)
                reader.Abort();
            await Task.Delay(2);
        }

        var seen = await reader.NextSeenAsync(Count);

        Assert.Equal(Enumerable.Range(0, Count).Select(static i => $"{i}"), seen.Select(static one => one.Split(' ')[1]));
        await Patience.UntilAsync(() => sender.Unacknowledged == 0, "every message is acknowledged");
    }

    [Fact]
    public async Task A_client_that_was_offline_for_too_long_receives_the_number_of_missing_messages()
    {
        await using var server = Server.Create(0, redis: null, static options => options.HistoryCapacity = 3);
        await server.StartAsync();
        var back = new TaskCompletionSource();
        var visits = 0;
        await using var sender = Clients.Start(AddressOf(server));
        await using var reader = ChatClient.Start(new ChatClientOptions
        {
            NextAddress = async _ =>
            {
                if (Interlocked.Increment(ref visits) > 1)
                    await back.Task;
                return AddressOf(server);
            },
        });
        await reader.NextAsync<BecameLive>();
        await sender.SendAsync("1").Soon();
        await reader.NextAsync<MessageReceived>();

        reader.Abort();
        await Patience.UntilAsync(() => Volatile.Read(ref visits) > 1, "the reader has disconnected");
        for (var i = 2; i <= 6; i++)
            await sender.SendAsync($"{i}").Soon();
        back.SetResult();

        var gap = await reader.NextAsync<GapFound>();
        Assert.Equal((2, "4"), (gap.Missed, (await reader.NextAsync<MessageReceived>()).Text));
        Assert.False((await reader.NextAsync<BecameLive>()).Recovered);
    }

    [Fact]
    public async Task A_client_with_more_messages_than_one_burst_sends_all_of_them_in_order()
    {
        const int Count = 500;
        await using var server = Server.Create(0, redis: null, static options =>
        {
            options.MaxMessagesPerSecond = 200;
            options.MaxMessageBurst = 50;
        });
        await server.StartAsync();
        await using var reader = Clients.Start(AddressOf(server));
        await reader.NextAsync<BecameLive>();
        await using var sender = Clients.Start(AddressOf(server), policyDelay: TimeSpan.FromHours(1));

        var acks = await Task.WhenAll(Enumerable.Range(0, Count).Select(i => sender.SendAsync($"{i}"))).Soon();

        Assert.Equal(Enumerable.Range(1, Count), acks.Select(static ack => int.Parse(ack.Position!.Split(':')[1], CultureInfo.InvariantCulture)));
        Assert.Equal(Enumerable.Range(0, Count).Select(static i => $"{i}"), (await reader.NextSeenAsync(Count)).Select(static one => one.Split(' ')[1]));
        Assert.Equal(0, sender.Unacknowledged);
        while ((await sender.NextAsync<StateChanged>()).Code != WebSocketCloseStatus.PolicyViolation)
        {
            // This is the last of many connections. The server has ended at least one, and sent the time to reconnect.
        }
    }

    private static Uri AddressOf(WebApplication server) => new UriBuilder(server.Urls.Single()) { Scheme = "ws", Path = "/chat/lobby" }.Uri;
}

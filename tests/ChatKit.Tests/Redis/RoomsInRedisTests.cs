using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Tests.Redis;

/// <summary>Rooms whose history is in a real Redis.</summary>
public class RoomsInRedisTests(RedisServer redis) : IClassFixture<RedisServer>
{
    private static readonly TimeSpan CheckInterval = new ChatKitOptions().RoomCheckInterval;

    [Fact]
    public async Task Who_joins_while_others_send_sees_a_contiguous_tail()
    {
        const int Total = 1_000, Joiners = 50;
        await using var host = StartHost(RedisHost.NewPrefix());
        var random = new Random(20261122);
        var joinAt = Enumerable.Range(0, Joiners).Select(_ => random.Next(Total)).ToHashSet();
        var joining = new List<Task<List<int>>>();

        for (var i = 0; i < Total; i++)
        {
            if (joinAt.Contains(i))
                joining.Add(ReadToEndAsync(host.Connect("busy"), Total));
            await host.Broadcaster.BroadcastAsync("busy", $"{i}");
        }

        foreach (var tail in await Task.WhenAll(joining).Soon())
            Assert.Equal(Enumerable.Range(tail[0], Total - tail[0]), tail);
    }

    [Fact]
    public async Task A_message_of_another_node_arrives_with_the_next_one_of_this_node_or_at_the_next_check()
    {
        var prefix = RedisHost.NewPrefix();
        await using var here = StartHost(prefix);
        await using var there = StartHost(prefix);
        var member = await here.EnterAsync("shared");

        await there.Broadcaster.BroadcastAsync("shared", "1 from there");
        await here.Broadcaster.BroadcastAsync("shared", "2 from here");
        Assert.Equal("1 from there", await member.Client.ReceiveTextAsync());
        Assert.Equal("2 from here", await member.Client.ReceiveTextAsync());

        here.Clock.Advance(CheckInterval);
        await there.Broadcaster.BroadcastAsync("shared", "3 from there");
        var third = member.Client.ReceiveTextAsync();
        await Patience.UntilAsync(
            () =>
            {
                here.Clock.Advance(CheckInterval);
                return third.IsCompleted;
            },
            "a check finds the message");
        Assert.Equal("3 from there", await third);
    }

    [Fact]
    public async Task Nothing_that_could_not_be_stored_is_delivered_and_the_client_stays_connected()
    {
        await using var server = new RedisServer();
        await server.InitializeAsync();
        await using var host = StartHost(RedisHost.NewPrefix(), server);
        var handler = new ScriptedHandler { Message = static (handler, message) => handler.Broadcast(message.Text) };
        var sender = host.Connect("room", handler);
        var other = await host.EnterAsync("room");
        await sender.Client.SendAsync("before");
        Assert.Equal("before", await other.Client.ReceiveTextAsync());

        await server.KillAsync();
        await sender.Client.SendAsync("lost");
        await Patience.UntilAsync(() => handler.Calls.Contains("lost"), "the message is handled");
        await server.StartAsync();
        await Patience.UntilAsync(async () => await CanAppendAsync(host), "Redis is back");
        await sender.Client.SendAsync("after");

        Assert.Equal("after", await other.Client.ReceiveTextAsync());
        Assert.Equal("before", await sender.Client.ReceiveTextAsync());
        Assert.Equal("after", await sender.Client.ReceiveTextAsync());
        Assert.Equal(["before", "after"], (await host.History.ReadAsync("room")).Messages.Select(static m => m.Text));
    }

    private static async Task<List<int>> ReadToEndAsync(ChatConnection connection, int total)
    {
        List<int> tail = [];
        while (tail.Count == 0 || tail[^1] != total - 1)
            tail.Add(int.Parse(await connection.Client.ReceiveTextAsync()));
        return tail;
    }

    private static async Task<bool> CanAppendAsync(ChatHost host)
    {
        try
        {
            await host.Broadcaster.BroadcastAsync("another room", "x");
            return true;
        }
        catch (HistoryUnavailableException)
        {
            return false;
        }
    }

    private ChatHost StartHost(string prefix, RedisServer? server = null)
    {
        var endpoint = (server ?? redis).Endpoint;
        return new ChatHost(services: services => new Builder(services).AddRedis(options =>
        {
            options.Configuration = endpoint;
            options.KeyPrefix = prefix;
        }));
    }

    private sealed record Builder(IServiceCollection Services) : IChatKitBuilder;
}

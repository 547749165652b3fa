using System.Text;
using ChatKit.Redis;
using ChatKit.Tests.Fixtures;
using ChatKit.Tests.Rooms;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

/// <summary>Messages that are edited and deleted, in a real Redis.</summary>
public sealed class ChangesInRedisTests(RedisServer redis) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private readonly string _prefix = RedisHost.NewPrefix();
    private ConnectionMultiplexer _multiplexer = null!;

    private IDatabase Database => _multiplexer.GetDatabase();

    public async ValueTask InitializeAsync() =>
        _multiplexer = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { redis.Endpoint }, AllowAdmin = true });

    public ValueTask DisposeAsync() => _multiplexer.DisposeAsync();

    [Fact]
    public async Task After_a_deletion_the_payload_is_nowhere_in_Redis()
    {
        const string Secret = "a secret of which nothing may remain";
        await using var host = StartHost();
        var (connection, _) = await host.EnterV1Async(new ScriptedHandler
        {
            Message = static (self, message) => self.Broadcast(message.Text),
            Edit = static async (self, request) => await self.Change(request.Position, request.Message.Text),
        });
        await connection.Client.SendAsync($$"""{"type":"message","ref":"m","data":"{{Secret}}"}""");
        var position = (string?)(await connection.Client.ReceiveJsonUntilAsync("ack"))[^1]["position"];
        await connection.Client.SendAsync($$"""{"type":"edit","ref":"e","position":"{{position}}","data":"{{Secret}}, edited"}""");
        await connection.Client.ReceiveJsonUntilAsync("ack");
        Assert.Contains(await ContentsAsync(), static text => text.Contains(Secret, StringComparison.Ordinal));

        Assert.True(await host.Broadcaster.DeleteAsync("lobby", MessagePosition.Parse(position!)));

        Assert.DoesNotContain(await ContentsAsync(), static text => text.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Writers_editors_and_clients_of_two_nodes_agree_in_the_end_and_the_list_is_never_longer_than_the_capacity()
    {
        await using var here = StartHost();
        await using var there = StartHost();
        var list = RedisKeys.OfRoom(_prefix, "room")[1];
        var longest = 0L;

        var verifying = ConcurrentEdits.VerifyAsync(here, there);
        while (!verifying.IsCompleted)
            longest = Math.Max(longest, await Database.ListLengthAsync(list));
        await verifying;

        Assert.Equal(100, longest);
    }

    [Fact]
    public async Task A_change_costs_one_round_trip_and_reaches_clients_of_all_nodes()
    {
        await using var here = StartHost();
        await using var there = StartHost();
        var (near, _) = await here.EnterV1Async();
        var (far, _) = await there.EnterV1Async();
        var position = (await here.Broadcaster.BroadcastAsync("lobby", "before")).GetValueOrDefault();
        await near.Client.ReceiveJsonAsync();
        await far.Client.ReceiveJsonAsync();
        var commands = await CallsAsync();

        await there.Broadcaster.EditAsync("lobby", position, "after");

        Assert.Equal(commands + 1, await CallsAsync());
        foreach (var member in new[] { near, far })
        {
            var change = await member.Client.ReceiveJsonAsync();
            Assert.Equal(("change", "after", 1), ((string?)change["type"], (string?)change["data"], (long?)change["revision"]));
        }
    }

    [Fact]
    public async Task Changes_survive_the_node_that_made_them()
    {
        MessagePosition position;
        await using (var gone = StartHost())
        {
            position = (await gone.Broadcaster.BroadcastAsync("lobby", "before")).GetValueOrDefault();
            await gone.Broadcaster.EditAsync("lobby", position, "after");
        }

        await using var host = StartHost();

        var (client, frames) = await host.EnterV1Async(after: position);
        Assert.Equal(["change", "live"], frames.Shorten());
        Assert.Equal(1, (long?)frames[^1]["revision"]);
        await host.Broadcaster.EditAsync("lobby", position, "again");
        Assert.Equal(2, (long?)(await client.Client.ReceiveJsonAsync())["revision"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_store_loses_a_change_its_revision_is_not_used_again_in_the_same_epoch(bool byMessage)
    {
        await using var host = StartHost();
        var (client, _) = await host.EnterV1Async();
        var first = (await host.Broadcaster.BroadcastAsync("lobby", "1")).GetValueOrDefault();
        await host.Broadcaster.EditAsync("lobby", first, "1a");
        var keys = RedisKeys.OfRoom(_prefix, "lobby");
        var (meta, messages) = (await Database.HashGetAllAsync(keys[0]), await Database.ListRangeAsync(keys[1]));
        await host.Broadcaster.EditAsync("lobby", first, "lost");
        await client.Client.ReceiveJsonAsync(3);
        await Database.KeyDeleteAsync(keys);
        await Database.HashSetAsync(keys[0], meta);
        await Database.ListRightPushAsync(keys[1], messages);

        if (byMessage)
            await host.Broadcaster.BroadcastAsync("lobby", "2");
        else
            await host.Broadcaster.EditAsync("lobby", first, "1b");

        // The client has a text that the store doesn't have: it is told that the stream has restarted.
        var page = await host.History.ReadAsync("lobby");
        Assert.NotEqual(first.Epoch, page.Top.Epoch);
        Assert.True((bool?)(await client.Client.ReceiveJsonUntilAsync("gap"))[^1]["reset"]);
        var resumed = await host.History.ReadAsync("lobby", new StreamPosition(first, 2), null);
        Assert.True(resumed.Restarted);
        Assert.Equal(byMessage ? ["1a", "2"] : ["1b"], resumed.Messages.Select(static message => message.Text));

        // Who has not seen the lost change goes on.
        var other = await host.History.ReadAsync("lobby", new StreamPosition(first, 1), null);
        Assert.False(other.Restarted);
        Assert.Equal(byMessage ? [] : ["1b"], other.Changes.Select(static message => message.Text));
    }

    [Fact]
    public async Task After_FLUSHALL_revisions_start_again_and_clients_get_a_gap()
    {
        await using var host = StartHost();
        var (client, _) = await host.EnterV1Async();
        var first = (await host.Broadcaster.BroadcastAsync("lobby", "1")).GetValueOrDefault();
        await host.Broadcaster.EditAsync("lobby", first, "1a");
        await client.Client.ReceiveJsonAsync(2);
        await Task.WhenAll(RedisKeys.OfRoom(_prefix, "lobby").Select(key => Database.KeyDeleteAsync(key)));

        var again = (await host.Broadcaster.BroadcastAsync("lobby", "new")).GetValueOrDefault();
        Assert.Equal(["gap", "new"], (await client.Client.ReceiveJsonUntilAsync("message")).Shorten());
        await host.Broadcaster.EditAsync("lobby", again, "new, edited");

        Assert.Equal(1, (long?)(await client.Client.ReceiveJsonUntilAsync("change"))[^1]["revision"]);
        Assert.Equal(ChangeOutcome.Gone, (await host.History.ChangeAsync("lobby", new MessageChange { Position = first, At = default })).Outcome);
    }

    [Fact]
    public async Task A_large_page_that_is_edited_while_it_is_read_has_the_latest_state()
    {
        const int Count = 60;
        await using var host = StartHost();
        List<MessagePosition> positions = [];
        for (var i = 0; i < Count; i++)
            positions.Add((await host.Broadcaster.BroadcastAsync("large", new string('x', 60_000))).GetValueOrDefault());
        var editing = Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
                await host.Broadcaster.EditAsync("large", positions[i % Count], $"{i:000} {new string('y', 60_000)}");
        });

        while (!editing.IsCompleted)
        {
            var page = await host.History.ReadAsync("large", new StreamPosition(positions[9], 0), null);
            Assert.Equal(Enumerable.Range(11, Count - 10), page.Messages.Select(static message => (int)message.Position!.Value.Sequence));
            AssertComplete(page);
        }

        await editing.Soon();

        // Of each message it has the change with the highest revision that the page's revision includes.
        static void AssertComplete(HistoryPage page)
        {
            foreach (var message in page.Messages.Concat(page.Changes))
            {
                var sequence = (int)message.Position!.Value.Sequence;
                var latest = Enumerable.Range(1, (int)page.Revision).LastOrDefault(revision => (revision - 1) % Count == sequence - 1);
                Assert.True((message.Revision ?? 0) >= latest, $"message {sequence} has revision {message.Revision} of {latest}");
            }
        }
    }

    private ChatHost StartHost() => new(services: services => services.AddChatKit().AddRedis(options =>
    {
        options.Configuration = redis.Configuration;
        options.KeyPrefix = _prefix;
    }));

    /// <summary>How many scripts the server has run.</summary>
    private async Task<long> CallsAsync()
    {
        var stats = await _multiplexer.GetServers()[0].InfoAsync("commandstats");
        var line = stats.SelectMany(static group => group).First(static pair => pair.Key == "cmdstat_evalsha");
        return long.Parse(line.Value.Split('=', ',')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The values of all keys, and the keys.</summary>
    private async Task<List<string>> ContentsAsync()
    {
        List<string> contents = [];
        await foreach (var key in _multiplexer.GetServers()[0].KeysAsync(pattern: $"{_prefix}*"))
        {
            contents.Add($"{key}");
            foreach (var value in await Database.KeyTypeAsync(key) switch
            {
                RedisType.String => [await Database.StringGetAsync(key)],
                RedisType.List => await Database.ListRangeAsync(key),
                RedisType.Hash => (await Database.HashGetAllAsync(key)).SelectMany(static pair => (RedisValue[])[pair.Name, pair.Value]),
                RedisType.Set => await Database.SetMembersAsync(key),
                RedisType.SortedSet => await Database.SortedSetRangeByRankAsync(key),
                var other => throw new NotSupportedException($"{key} is a {other}"),
            })
            {
                contents.Add(Encoding.Latin1.GetString((byte[])value!));
            }
        }

        return contents;
    }
}

using System.Text.Json.Nodes;
using ChatKit.Redis;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

/// <summary>What clients on two nodes see, while messages are being sent, when Redis evicts a key of their room.</summary>
public sealed class DeletedKeysTests(RedisServer redis) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private const string Room = "lobby";

    private readonly string _prefix = RedisHost.NewPrefix();
    private readonly List<ChatHost> _hosts = [];
    private ConnectionMultiplexer _admin = null!;

    private string Meta => RedisKeys.OfRoom(_prefix, Room)[0]!;

    private string Messages => RedisKeys.OfRoom(_prefix, Room)[1]!;

    public async ValueTask InitializeAsync() => _admin = await ConnectionMultiplexer.ConnectAsync(redis.Configuration);

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
        await _admin.DisposeAsync();
    }

    [Fact]
    public async Task After_eviction_of_the_messages_live_clients_miss_nothing_and_resuming_clients_get_a_gap()
    {
        var (here, there) = (Start(), Start());
        var (ann, bob) = (await here.EnterTrackedAsync("ann"), await there.EnterTrackedAsync("bob"));

        await SendWhileAsync(here, there, () => DeleteAsync(Messages));

        var seen = await MessagesUntilAsync(ann, "end");
        Assert.Equal(seen, await MessagesUntilAsync(bob, "end"));
        Assert.Equal(Enumerable.Range(1, seen.Count).Select(static i => (long)i), seen.Select(static one => one.Position.Sequence));
        Assert.Single(seen.Select(static one => one.Position.Epoch).Distinct());

        // A node on which clients have joined lately still has them at hand; another one does not.
        await DeleteAsync(Messages);
        var (away, frames) = await Start().EnterV1Async(room: Room, after: seen[^4].Position);
        Assert.Equal(["gap", "live"], frames.Shorten());
        Assert.Equal(3, (long)frames[0]["missed"]!);
        Assert.Null(frames[0]["reset"]);

        await here.Broadcaster.BroadcastAsync(Room, "next");
        var next = (await FramesUntilAsync(away, "next"))[^1];
        Assert.Equal(("next", (string?)frames[0]["next"]), ((string?)next["data"], (string?)next["position"]));
    }

    [Fact]
    public async Task After_eviction_of_the_last_position_the_stream_restarts_and_every_client_gets_a_gap()
    {
        var (here, there) = (Start(), Start());
        var (ann, bob) = (await here.EnterTrackedAsync("ann"), await there.EnterTrackedAsync("bob"));

        await SendWhileAsync(here, there, () => DeleteAsync(Meta));

        foreach (var member in new[] { ann, bob })
        {
            var frames = await FramesUntilAsync(member, "end");
            var reset = frames.FindIndex(static frame => (string?)frame["type"] == "gap");
            Assert.True((bool)frames[reset]["reset"]!);
            var (before, after) = (frames[..reset].Where(IsMessage).Select(PositionOf).ToList(), frames[reset..].Where(IsMessage).Select(PositionOf).ToList());
            Assert.Single(frames, static frame => (string?)frame["type"] == "gap");
            Assert.Equal(Enumerable.Range(1, before.Count).Select(static i => (long)i), before.Select(static position => position.Sequence));
            Assert.Equal(Enumerable.Range(1, after.Count).Select(static i => (long)i), after.Select(static position => position.Sequence));
            Assert.Single(after.Select(static position => position.Epoch).Distinct());
            Assert.NotEqual(before[0].Epoch, after[0].Epoch);
            Assert.Distinct(frames.Where(IsMessage).Select(static frame => (string?)frame["data"]));
        }
    }

    [Fact]
    public async Task After_eviction_of_an_idempotency_key_a_message_sent_again_is_stored_again()
    {
        var here = Start();
        var handler = new ScriptedHandler { Message = static (handler, message) => handler.Broadcast(message.Text) };
        var (ann, _) = await here.EnterV1Async(handler, Room);
        const string Frame = """{"type":"message","ref":"r","data":"hi"}""";

        var first = await AckAsync();
        Assert.Equal(first, await AckAsync());
        foreach (var key in await KeysAsync("*:key:*"))
            await DeleteAsync(key);
        Assert.NotEqual(first, await AckAsync());

        Assert.Equal(["hi", "hi"], (await here.History.ReadAsync(Room)).Messages.Select(static message => message.Text));

        async Task<string?> AckAsync()
        {
            await ann.Client.SendAsync(Frame);
            return (string?)(await ann.Client.ReceiveJsonUntilAsync("ack"))[^1]["position"];
        }
    }

    [Fact]
    public async Task After_eviction_of_presence_messages_are_delivered_and_the_next_checks_restore_presence()
    {
        var (here, there) = (Start(), Start());
        var (ann, bob) = (await here.EnterTrackedAsync("ann"), await there.EnterTrackedAsync("bob"));
        await Patience.UntilAsync(async () => (await ListAsync(here)).Length == 2, "both are stored");
        await CheckAsync(here);
        await CheckAsync(there);

        await SendWhileAsync(here, there, () => DeleteAsync(RedisKeys.OfPresence(_prefix, Room)[0]!));
        await CheckAsync(here);
        await CheckAsync(there);

        await Patience.UntilAsync(async () => (await ListAsync(here)).SequenceEqual(["ann", "bob"]), "both are stored again");
        await here.Broadcaster.BroadcastAsync(Room, "after");
        var frames = await FramesUntilAsync(ann, "after");
        Assert.DoesNotContain(frames, static frame => frame.ContainsKey("left"));
        var messages = frames.Where(IsMessage).Select(PositionOf).ToList();
        Assert.Equal(Enumerable.Range(1, messages.Count).Select(static i => (long)i), messages.Select(static position => position.Sequence));
        Assert.DoesNotContain(await FramesUntilAsync(bob, "after"), static frame => frame.ContainsKey("left"));
    }

    /// <summary>Both nodes send, one after the other and each without a pause, until something was done and for some messages more.</summary>
    private static async Task SendWhileAsync(ChatHost here, ChatHost there, Func<Task> action)
    {
        const int Before = 20, After = 20;
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sending = new[] { SendAsync(here, "here"), SendAsync(there, "there") };
        await begun.Task;
        await action();
        done.SetResult();
        await Task.WhenAll(sending);
        await here.Broadcaster.BroadcastAsync(Room, "end");

        async Task SendAsync(ChatHost host, string name)
        {
            for (var (i, left) = (0, After); left > 0; i++)
            {
                await host.Broadcaster.BroadcastAsync(Room, $"{name} {i}");
                if (i == Before)
                    begun.TrySetResult();
                if (done.Task.IsCompleted)
                    left--;
            }
        }
    }

    private static async Task<List<JsonObject>> FramesUntilAsync(ChatConnection member, string text)
    {
        List<JsonObject> frames = [];
        do
        {
            frames.Add(await member.Client.ReceiveJsonAsync());
        }
        while ((string?)frames[^1]["data"] != text);
        return frames;
    }

    private static async Task<List<(string? Text, MessagePosition Position)>> MessagesUntilAsync(ChatConnection member, string text)
    {
        var frames = await FramesUntilAsync(member, text);
        Assert.DoesNotContain(frames, static frame => (string?)frame["type"] == "gap");
        return [.. frames.Where(IsMessage).Select(static frame => ((string?)frame["data"], PositionOf(frame)))];
    }

    private static bool IsMessage(JsonObject frame) => (string?)frame["type"] == "message";

    private static MessagePosition PositionOf(JsonObject frame) => MessagePosition.Parse((string)frame["position"]!);

    private static async Task CheckAsync(ChatHost host)
    {
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await host.Rooms.Find(Room)!.CheckAsync();
    }

    private static async Task<string[]> ListAsync(ChatHost host) =>
        [.. (await host.Services.GetRequiredService<IRoomPresence>().ListAsync(Room)).Order()];

    private async Task DeleteAsync(string key) => Assert.True(await _admin.GetDatabase().KeyDeleteAsync(key), $"{key} existed");

    private async Task<List<string>> KeysAsync(string pattern)
    {
        List<string> keys = [];
        await foreach (var key in _admin.GetServers()[0].KeysAsync(pattern: $"{_prefix}{pattern}"))
            keys.Add(key!);
        return keys;
    }

    private ChatHost Start()
    {
        var host = new ChatHost(services: services =>
            services.AddChatKit().AddRedis(new RedisOptions { Configuration = redis.Configuration, KeyPrefix = _prefix }));
        _hosts.Add(host);
        return host;
    }
}

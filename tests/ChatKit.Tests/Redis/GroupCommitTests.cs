using System.Net.WebSockets;
using System.Text;
using ChatKit.Redis;
using ChatKit.TestKit.Contracts;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

/// <summary>Messages that wait while a call for their room is in progress are appended together.</summary>
/// <remarks>The tests that pause Redis begin with a call in progress; everything that they publish then waits.</remarks>
public sealed class GroupCommitTests(RedisServer redis) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private readonly string _prefix = RedisHost.NewPrefix();
    private readonly RecordingSubscriber _subscriber = new();
    private readonly List<IAsyncDisposable> _owned = [];
    private RedisHost _host = null!;
    private IAsyncDisposable _subscription = null!;

    /// <summary>The call that is in progress while Redis is paused.</summary>
    private Task<MessagePosition?>? _first;

    public async ValueTask InitializeAsync()
    {
        _host = await StartAsync();
        _subscription = await _host.Backplane.SubscribeAsync("room", _subscriber);
    }

    public async ValueTask DisposeAsync()
    {
        await redis.TryCallAsync("CLIENT UNPAUSE");
        foreach (var owned in Enumerable.Reverse(_owned))
            await owned.DisposeAsync();
    }

    [Fact]
    public async Task A_message_that_nothing_precedes_takes_one_call()
    {
        var before = await CallsAsync();

        for (var i = 0; i < 10; i++)
            await PublishAsync($"{i}");

        Assert.Equal(10, await CallsAsync() - before);
    }

    [Fact]
    public async Task Messages_that_wait_take_one_call_and_keep_their_order()
    {
        var before = await PauseAsync();
        var publishing = Publish(20);
        await ResumeAsync();

        Assert.Equal(Enumerable.Range(1, 21), await SequencesAsync(publishing));
        Assert.Equal(2, await CallsAsync() - before);
        await AssertDeliveredAndStoredAsync(["first", .. Enumerable.Range(0, 20).Select(static i => $"{i}")]);
    }

    [Fact]
    public async Task Messages_beyond_the_limits_of_a_call_do_not_wait()
    {
        const int Half = RedisAppendQueue.MaxBytes / 2;
        var before = await PauseAsync();
        var many = Publish((2 * RedisAppendQueue.MaxMessages) + 1);
        await ResumeAsync();
        await Task.WhenAll(many).Soon();
        Assert.Equal(4, await CallsAsync() - before);

        before = await PauseAsync();
        var large = new[] { Half - 100, Half - 100, Half, 3 * Half, 10 }.Select(size => PublishAsync(new string('x', size))).ToList();
        await ResumeAsync();
        await Task.WhenAll(large).Soon();
        Assert.Equal(5, await CallsAsync() - before);
    }

    [Fact]
    public async Task Every_message_has_its_own_idempotency_key()
    {
        var early = await PublishAsync("early", "e");
        await PauseAsync();
        var publishing = new[]
        {
            PublishAsync("a", "a"), PublishAsync("plain"), PublishAsync("b", "b"), PublishAsync("a again", "a"), PublishAsync("early again", "e"),
            PublishAsync("plain"), PublishAsync("b again", "b"), PublishAsync("first again", "first"), PublishAsync("c", "c"),
        };
        await ResumeAsync();

        // The early message is 1, and the one that was in progress 2.
        Assert.Equal([3, 4, 5, 3, 1, 6, 5, 2, 7], await SequencesAsync(publishing));
        Assert.Equal(early, (await publishing[4])!.Value);
        Assert.Equal(5, (await PublishAsync("b again", "b"))!.Value.Sequence);
        await AssertDeliveredAndStoredAsync(["early", "first", "a", "plain", "b", "plain", "c"]);
    }

    [Fact]
    public async Task A_message_that_is_refused_does_not_fail_the_others()
    {
        var database = await ConnectAsync();
        await database.SetAddAsync(RedisKeys.OfMessage(_prefix, "room", "taken"), "by another application");
        await PauseAsync();
        var publishing = new[]
        {
            PublishAsync("a", "a"), PublishAsync("refused", "taken"), PublishAsync("b"), PublishAsync("refused", "taken"), PublishAsync("c", "c"),
        };
        await ResumeAsync();

        foreach (var refused in new[] { publishing[1], publishing[3] })
        {
            var exception = await Assert.ThrowsAsync<HistoryUnavailableException>(() => refused.Soon());
            Assert.Contains("Redis refused the command: WRONGTYPE", exception.Message);
        }

        Assert.Equal([2, 3, 4], await SequencesAsync([publishing[0], publishing[2], publishing[4]]));
        await AssertDeliveredAndStoredAsync(["first", "a", "b", "c"]);
    }

    [Fact]
    public async Task A_message_that_is_refused_alone_gets_the_same_error()
    {
        // On Garnet, a text and a set can share a name.
        Requirement.RedisServer();
        await (await ConnectAsync()).SetAddAsync(RedisKeys.OfMessage(_prefix, "room", "taken"), "by another application");

        var exception = await Assert.ThrowsAsync<HistoryUnavailableException>(() => PublishAsync("refused", "taken"));

        Assert.Contains("The message was not stored and was not delivered: Redis refused the command: WRONGTYPE", exception.Message);
        Assert.Equal(1, (await PublishAsync("next"))!.Value.Sequence);
    }

    [Fact]
    public async Task A_server_out_of_memory_refuses_all_messages_of_a_call_and_stores_none()
    {
        await PublishAsync("before");
        await PauseAsync();
        var publishing = Publish(5);
        await redis.CallAsync("CONFIG SET maxmemory 1");
        await ResumeAsync();

        foreach (var refused in publishing)
        {
            var exception = await Assert.ThrowsAsync<HistoryUnavailableException>(() => refused.Soon());
            Assert.Contains("was not stored", exception.Message);
        }

        await redis.CallAsync("CONFIG SET maxmemory 0");
        Assert.Equal(2, (await PublishAsync("after"))!.Value.Sequence);
        await AssertDeliveredAndStoredAsync(["before", "after"]);
    }

    [Fact]
    public async Task A_publisher_that_stops_waiting_does_not_stop_the_others()
    {
        using var cancellation = new CancellationTokenSource();
        await PauseAsync();
        var before = PublishAsync("before");
        var canceled = PublishAsync("canceled", cancellationToken: cancellation.Token);
        var after = PublishAsync("after");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => canceled.Soon());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PublishAsync("not published", cancellationToken: cancellation.Token));
        await ResumeAsync();

        // It had been handed over.
        Assert.Equal([2, 4], await SequencesAsync([before, after]));
        await AssertDeliveredAndStoredAsync(["first", "before", "canceled", "after"]);
    }

    [Fact]
    public async Task Whatever_follows_waiting_messages_comes_after_them()
    {
        var edited = (await PublishAsync("original"))!.Value;
        var change = new MessageChange { Position = edited, Data = "edited"u8.ToArray(), At = DateTimeOffset.UnixEpoch };
        await _host.Backplane.ChangeAsync("room", change);
        await PauseAsync();
        List<Task> publishing =
        [
            PublishAsync("1"),
            PublishAsync("2"),
            _host.Backplane.ChangeAsync("room", change).AsTask(),
            PublishAsync("3"),
            _host.Backplane.AnnounceAsync("room", "announcement"u8.ToArray()).AsTask(),
            PublishAsync("4"),
            _host.Backplane.PublishAsync("room", Message("ephemeral"), capacity: 0).AsTask(),
            PublishAsync("5"),
        ];
        await ResumeAsync();
        await Task.WhenAll(publishing).Soon();

        await _subscriber.ReceiveAsync(11);
        Assert.Equal(["original", "edited", "first", "1", "2", "edited", "3", "announcement", "4", "ephemeral", "5"], _subscriber.Texts);
    }

    [Fact]
    public async Task Messages_that_are_only_stored_wait_too_and_are_not_published()
    {
        var before = await PauseAsync();
        List<Task> publishing =
        [
            PublishAsync("1"), _host.History.AppendAsync("room", Message("stored 2")).AsTask(),
            _host.History.AppendAsync("room", Message("stored 3")).AsTask(), PublishAsync("4"),
        ];
        await ResumeAsync();
        await Task.WhenAll(publishing).Soon();

        Assert.Equal(4, await CallsAsync() - before);
        await _subscriber.ReceiveAsync(3);
        Assert.Equal(["first", "1", "4"], _subscriber.Texts);
        Assert.Equal(["first", "1", "stored 2", "stored 3", "4"], await StoredAsync());
    }

    [Fact]
    public async Task The_largest_capacity_of_a_call_applies_and_no_more_messages_are_kept()
    {
        await PauseAsync(capacity: 2);
        var publishing = new int?[] { null, 2, 4, null, 3, null }.Select((capacity, i) => PublishAsync($"{i}", capacity: capacity)).ToList();
        await ResumeAsync();

        await Task.WhenAll(publishing).Soon();
        Assert.Equal(["2", "3", "4", "5"], await StoredAsync());
        await PublishAsync("6");
        Assert.Equal(["3", "4", "5", "6"], await StoredAsync());
    }

    [Fact]
    public async Task A_call_can_start_a_room_with_more_messages_than_it_keeps()
    {
        await (await ConnectAsync()).SetAddAsync(RedisKeys.OfMessage(_prefix, "room", "first"), "by another application");
        await PauseAsync();
        var publishing = Publish(5, capacity: 2);
        await ResumeAsync();

        await Assert.ThrowsAsync<HistoryUnavailableException>(() => publishing[0].Soon());
        Assert.Equal(Enumerable.Range(1, 5), await SequencesAsync(publishing[1..]));
        Assert.Equal(["3", "4"], await StoredAsync());
    }

    [Fact]
    public async Task A_server_that_has_forgotten_the_script_gets_it_again_and_the_order_is_kept()
    {
        await PauseAsync();
        var publishing = Publish(10);
        await redis.CallAsync("SCRIPT FLUSH");
        await ResumeAsync();

        Assert.Equal(Enumerable.Range(1, 11), await SequencesAsync(publishing));
        await AssertDeliveredAndStoredAsync(["first", .. Enumerable.Range(0, 10).Select(static i => $"{i}")]);
    }

    [Fact]
    public async Task Messages_keep_their_order_when_the_node_leaves_their_room_and_enters_it_again()
    {
        await PauseAsync();
        var publishing = Publish(2);
        await _subscription.DisposeAsync();
        publishing.Add(PublishAsync("2"));
        await using var again = await _host.Backplane.SubscribeAsync("room", new RecordingSubscriber());
        publishing.Add(PublishAsync("3"));
        await ResumeAsync();

        Assert.Equal(Enumerable.Range(1, 5), await SequencesAsync(publishing));
        Assert.Equal(["first", "0", "1", "2", "3"], await StoredAsync());
    }

    [Fact]
    public async Task When_Redis_dies_all_publishers_get_an_error_and_the_room_recovers()
    {
        await using var mortal = new RedisServer();
        await mortal.InitializeAsync();
        await using var host = await RedisHost.StartAsync(mortal.Configuration, prefix: _prefix);
        await host.CanSubscribeAsync();
        var subscriber = new RecordingSubscriber();
        await using var subscription = await host.Backplane.SubscribeAsync("room", subscriber);
        await PublishAsync("before", host: host);

        await mortal.CallAsync("CLIENT PAUSE 60000 WRITE");
        var publishing = Enumerable.Range(0, 20).Select(i => PublishAsync($"lost {i}", $"{i}", host: host)).ToList();
        await mortal.KillAsync();

        var failures = new List<HistoryUnavailableException>();
        foreach (var lost in publishing)
            failures.Add(await Assert.ThrowsAsync<HistoryUnavailableException>(() => lost.Soon()));
        Assert.Equal(failures.Count, failures.Distinct().Count());
        Assert.All(failures, static failure => Assert.Contains("ChatKit reconnects automatically", failure.Message));

        await mortal.StartAsync();
        await Patience.UntilAsync(() => subscriber.Reconnects > 0, "the room has recovered");
        var again = Enumerable.Range(0, 20).Select(i => PublishAsync($"{i}", $"{i}", host: host)).ToList();
        Assert.Equal(Enumerable.Range(2, 20), await SequencesAsync(again));
        await subscriber.ReceiveAsync(21);
        Assert.Equal(["before", .. Enumerable.Range(0, 20).Select(static i => $"{i}")], subscriber.Texts);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(GarnetScripts.Atomic)]
    public async Task Many_publishers_that_repeat_their_messages_store_each_once_in_one_order(GarnetScripts? garnet)
    {
        const int Messages = 50;
        var publishers = garnet is null ? 32 : 8; // Garnet is slow on a busy machine.
        await using var server = new RedisServer { Garnet = garnet };
        await server.InitializeAsync();
        await using var one = await RedisHost.StartAsync(server.Configuration, prefix: _prefix);
        await using var other = await RedisHost.StartAsync(server.Configuration, prefix: _prefix);
        await Task.WhenAll(one.CanSubscribeAsync(), other.CanSubscribeAsync());
        await LoadScriptAsync(one);
        var (here, there) = (new RecordingSubscriber(), new RecordingSubscriber());
        await using var first = await one.Backplane.SubscribeAsync("room", here);
        await using var second = await other.Backplane.SubscribeAsync("room", there);

        await Task.WhenAll(Enumerable.Range(0, publishers).Select(publisher => Task.Run(async () =>
        {
            // Half of the messages have a key and are sent twice. All of a publisher are on the way at the same time.
            var host = publisher % 2 == 0 ? one : other;
            List<Task<MessagePosition?>> positions = [];
            for (var i = 0; i < Messages; i++)
            {
                var (text, key) = ($"{publisher}:{i}", i % 2 == 0 ? $"{publisher}:{i}" : null);
                positions.Add(PublishAsync(text, key, host: host));
                if (key is not null)
                    positions.Add(PublishAsync(text, key, host: host));
            }

            var sequences = (await SequencesAsync(positions)).ToList();
            Assert.Equal(sequences.Order(), sequences);
            Assert.Equal(Messages, sequences.Distinct().Count());
        }))).Soon();

        foreach (var subscriber in new[] { here, there })
        {
            var messages = await subscriber.ReceiveAsync(publishers * Messages);
            Assert.False(subscriber.Overlapped);
            Assert.Equal(Enumerable.Range(1, publishers * Messages), messages.Select(static message => (int)message.Position!.Value.Sequence));
            foreach (var sent in messages.Select(static m => m.Text.Split(':')).GroupBy(static parts => parts[0], static parts => parts[1]))
                Assert.Equal(Enumerable.Range(0, Messages).Select(static i => $"{i}"), sent);
        }

        Assert.Equal(here.Texts, there.Texts);
    }

    private static ChatMessage Message(string text) => new(WebSocketMessageType.Text, Encoding.UTF8.GetBytes(text), DateTimeOffset.UnixEpoch);

    private static async Task<IEnumerable<int>> SequencesAsync(IEnumerable<Task<MessagePosition?>> publishing) =>
        (await Task.WhenAll(publishing).Soon()).Select(static position => (int)position!.Value.Sequence);

    private Task<MessagePosition?> PublishAsync(
        string text, string? key = null, int? capacity = null, RedisHost? host = null, CancellationToken cancellationToken = default)
    {
        var message = Message(text);
        return (host ?? _host).Backplane
            .PublishAsync("room", key is null ? message : message.WithIdempotencyKey(key), capacity, cancellationToken).AsTask();
    }

    /// <summary>Publishes messages without waiting for them, after the one that is in progress.</summary>
    private List<Task<MessagePosition?>> Publish(int count, int? capacity = null) =>
        [_first!, .. Enumerable.Range(0, count).Select(i => PublishAsync($"{i}", capacity: capacity))];

    /// <summary>Lets Redis run no more scripts, and begins a call. Returns the number of calls before.</summary>
    private async Task<long> PauseAsync(int? capacity = null)
    {
        Requirement.RedisServer();
        var calls = await CallsAsync();
        await redis.CallAsync("CLIENT PAUSE 60000 WRITE");
        _first = PublishAsync("first", "first", capacity);
        return calls;
    }

    private Task<string> ResumeAsync() => redis.CallAsync("CLIENT UNPAUSE");

    private async Task AssertDeliveredAndStoredAsync(IReadOnlyList<string> texts)
    {
        var messages = await _subscriber.ReceiveAsync(texts.Count);
        Assert.Equal(texts, messages.Select(static message => message.Text));
        Assert.Equal(Enumerable.Range(1, texts.Count), messages.Select(static message => (int)message.Position!.Value.Sequence));
        Assert.Equal(texts, await StoredAsync());
    }

    private async Task<IEnumerable<string>> StoredAsync() =>
        (await _host.History.ReadAsync("room")).Messages.Select(static message => message.Text);

    /// <summary>How often the server was asked to run a script by its hash.</summary>
    private async Task<long> CallsAsync()
    {
        var stats = await (await ConnectAsync()).Multiplexer.GetServers()[0].InfoAsync("commandstats");
        var line = stats.SelectMany(static group => group).FirstOrDefault(static pair => pair.Key == "cmdstat_evalsha").Value;
        return line is null ? 0 : long.Parse(line.Split('=', ',')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task<RedisHost> StartAsync()
    {
        var host = await RedisHost.StartAsync(redis.Configuration, prefix: _prefix);
        _owned.Add(host);
        await host.CanSubscribeAsync();
        await LoadScriptAsync(host);
        return host;
    }

    /// <summary>The first call of a script is made twice.</summary>
    private static Task<MessagePosition?> LoadScriptAsync(RedisHost host) => host.Backplane.PublishAsync("another room", Message("loads the script")).AsTask();

    private async Task<IDatabase> ConnectAsync()
    {
        var multiplexer = await ConnectionMultiplexer.ConnectAsync($"{redis.Configuration},allowAdmin=true");
        _owned.Add(multiplexer);
        return multiplexer.GetDatabase();
    }
}

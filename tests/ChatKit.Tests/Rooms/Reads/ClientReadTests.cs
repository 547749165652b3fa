using System.Text.Json.Nodes;
using ChatKit.Rooms.Reads;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ChatKit.Tests.Rooms.Reads;

/// <summary>Clients say what their users have read, and are notified of it.</summary>
public sealed class ClientReadTests : IAsyncDisposable
{
    private static readonly WebSocketConnectionOptions Tracking = new() { TrackReads = true, PingInterval = Timeout.InfiniteTimeSpan };

    private static readonly WebSocketConnectionOptions Sharing = new()
    {
        TrackReads = true,
        ShareReads = true,
        AllowClientJoins = true,
        PingInterval = Timeout.InfiniteTimeSpan,
    };

    private readonly CountingStore _store = new();
    private readonly ChatHost _host;

    public ClientReadTests() => _host = new ChatHost(services: services =>
    {
        services.AddSingleton<InProcessReadStore>();
        services.Replace(ServiceDescriptor.Singleton<IReadStore>(provider => _store.Around(provider.GetRequiredService<InProcessReadStore>())));
    });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_client_that_joins_receives_its_cursor_and_the_number_of_unread_messages()
    {
        var positions = await BroadcastAsync(5);
        Assert.Equal((null, 5), ReadAndUnread((await EnterAsync("anna")).Frames[^1]));

        var (anna, _) = await EnterAsync("anna");
        await ReadAsync(anna, positions[2]);
        await anna.Client.ReceiveJsonUntilAsync("read");
        var (_, frames) = await EnterAsync("anna");

        Assert.Equal((positions[2], 2), ReadAndUnread(frames[^1]));
        Assert.Equal((null, 5), ReadAndUnread((await EnterAsync("bob")).Frames[^1]));
    }

    [Fact]
    public async Task Without_TrackReads_nothing_is_kept_and_live_says_nothing_of_it()
    {
        var positions = await BroadcastAsync(1);
        var (anna, frames) = await EnterAsync("anna", new WebSocketConnectionOptions { ShareReads = true });
        Assert.DoesNotContain("unread", frames[^1]);

        await ReadAsync(anna, positions[0], "r");

        var error = await anna.Client.ReceiveJsonAsync();
        Assert.Equal(("forbidden", "r"), ((string?)error["code"], (string?)error["ref"]));
        Assert.Equal(0, _store.Calls);
    }

    [Fact]
    public async Task An_anonymous_client_has_no_cursor()
    {
        var positions = await BroadcastAsync(1);
        var (client, frames) = await EnterAsync(null);
        Assert.DoesNotContain("unread", frames[^1]);

        await ReadAsync(client, positions[0], "r");

        Assert.Equal("forbidden", (string?)(await client.Client.ReceiveJsonAsync())["code"]);
        Assert.Equal(0, _store.Calls);
    }

    [Fact]
    public async Task All_devices_of_the_user_in_the_room_are_notified_and_nobody_else_is()
    {
        var positions = await BroadcastAsync(2);
        var (phone, _) = await EnterAsync("anna");
        var (laptop, _) = await EnterAsync("anna");
        var (elsewhere, _) = await EnterAsync("anna", room: "elsewhere");
        var (bob, _) = await EnterAsync("bob");

        await ReadAsync(phone, positions[0]);

        var expected = $$"""{"type":"read","room":"lobby","user":"anna","position":"{{positions[0]}}"}""";
        Assert.Equal(expected, (await phone.Client.ReceiveJsonAsync()).ToJsonString());
        Assert.Equal(expected, (await laptop.Client.ReceiveJsonAsync()).ToJsonString());
        await _host.Broadcaster.SendToUserAsync("anna", "next");
        await _host.Broadcaster.SendToUserAsync("bob", "next");
        Assert.Equal("next", (string?)(await elsewhere.Client.ReceiveJsonAsync())["data"]);
        Assert.Equal("next", (string?)(await bob.Client.ReceiveJsonAsync())["data"]);
    }

    [Fact]
    public async Task With_ShareReads_all_members_are_notified()
    {
        var positions = await BroadcastAsync(2);
        var (anna, _) = await EnterAsync("anna", Sharing);
        var (bob, _) = await EnterAsync("bob", Sharing);
        var (watcher, _) = await EnterAsync(null, Sharing);

        await ReadAsync(anna, positions[1]);

        foreach (var member in new[] { anna, bob, watcher })
        {
            var read = await member.Client.ReceiveJsonAsync();
            Assert.Equal(
                ("read", "lobby", "anna", $"{positions[1]}"),
                ((string?)read["type"], (string?)read["room"], (string?)read["user"], (string?)read["position"]));
        }
    }

    [Fact]
    public async Task Nobody_is_notified_of_a_cursor_that_does_not_move()
    {
        var positions = await BroadcastAsync(3);
        var (phone, _) = await EnterAsync("anna");
        var (laptop, _) = await EnterAsync("anna");
        await ReadAsync(phone, positions[2]);
        Assert.Equal($"{positions[2]}", (string?)(await phone.Client.ReceiveJsonAsync())["position"]);
        await laptop.Client.ReceiveJsonAsync();

        await ReadAsync(laptop, positions[0], "r");

        Assert.Equal("""{"type":"ack","ref":"r","room":"lobby"}""", (await laptop.Client.ReceiveJsonAsync()).ToJsonString());
        await Patience.UntilAsync(() => _store.Moves.Count == 2, "the second position was passed to the store");
        await _host.Broadcaster.SendToUserAsync("anna", "next");
        Assert.Equal("next", (string?)(await phone.Client.ReceiveJsonAsync())["data"]);
    }

    [Fact]
    public async Task A_position_beyond_the_last_message_means_that_message()
    {
        var positions = await BroadcastAsync(2);
        var (anna, _) = await EnterAsync("anna");

        await ReadAsync(anna, positions[1] with { Sequence = 99 });

        Assert.Equal($"{positions[1]}", (string?)(await anna.Client.ReceiveJsonAsync())["position"]);
    }

    [Fact]
    public async Task A_position_of_another_room_than_the_home_room_needs_its_name_and_membership()
    {
        var team = (await _host.Broadcaster.BroadcastAsync("team", "x")).GetValueOrDefault();
        var (anna, _) = await EnterAsync("anna", Sharing);
        var frame = $$"""{"type":"read","ref":"r","room":"team","position":"{{team}}"}""";
        await anna.Client.SendAsync(frame);
        Assert.Equal("not_joined", (string?)(await anna.Client.ReceiveJsonAsync())["code"]);
        await anna.Client.SendAsync("""{"type":"join","room":"team"}""");
        Assert.Equal((null, 1), ReadAndUnread((await anna.Client.ReceiveJsonUntilAsync("live"))[^1]));

        await anna.Client.SendAsync(frame);

        Assert.Equal("team", (string?)(await anna.Client.ReceiveJsonUntilAsync("read"))[^1]["room"]);
        Assert.Equal(0, (await UnreadAsync("anna", "team"))["team"]);
    }

    [Theory]
    [InlineData("""{"type":"read","ref":"r"}""")]
    [InlineData("""{"type":"read","ref":"r","position":null}""")]
    [InlineData("""{"type":"read","ref":"r","position":7}""")]
    [InlineData("""{"type":"read","ref":"r","position":"x"}""")]
    [InlineData("""{"type":"read","ref":"r","position":"e:-1"}""")]
    [InlineData("""{"type":"read","ref":"r","position":"\ud800:1"}""")]
    [InlineData("""{"type":"read","ref":"r","room":"","position":"e:1"}""")]
    [InlineData("""{"type":"read","ref":"r","room":"\u0001user:anna","position":"e:1"}""")]
    public async Task A_malformed_read_is_answered_with_an_error(string frame)
    {
        var (anna, _) = await EnterAsync("anna");

        await anna.Client.SendAsync(frame);

        var error = await anna.Client.ReceiveJsonAsync();
        Assert.Equal(("malformed", "r"), ((string?)error["code"], (string?)error["ref"]));
        Assert.Empty(_store.Moves);
    }

    [Fact]
    public async Task Positions_are_stored_once_a_second_and_the_latest_wins()
    {
        var positions = await BroadcastAsync(9);
        var (anna, _) = await EnterAsync("anna");
        await ReadAsync(anna, positions[0]);
        await anna.Client.ReceiveJsonUntilAsync("read");

        foreach (var position in positions[1..5].Append(positions[2]))
            await ReadAsync(anna, position, "r");
        await anna.Client.ReceiveJsonAsync(5);
        Assert.Equal([positions[0]], _store.Moves);
        _host.Clock.Advance(TimeSpan.FromSeconds(0.9));
        await ReadAsync(anna, positions[3], "r");
        await anna.Client.ReceiveJsonAsync();
        Assert.Equal([positions[0]], _store.Moves);
        _host.Clock.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Equal($"{positions[4]}", (string?)(await anna.Client.ReceiveJsonAsync())["position"]);
        await ReadAsync(anna, positions[8], "r");
        Assert.Equal("ack", (string?)(await anna.Client.ReceiveJsonAsync())["type"]);
        Assert.Equal([positions[0], positions[4]], _store.Moves);
    }

    [Fact]
    public async Task After_a_second_without_a_position_the_next_one_is_stored_at_once()
    {
        var positions = await BroadcastAsync(2);
        var (anna, _) = await EnterAsync("anna");
        await ReadAsync(anna, positions[0]);
        await anna.Client.ReceiveJsonUntilAsync("read");
        _host.Clock.Advance(TimeSpan.FromSeconds(2));

        await ReadAsync(anna, positions[1]);

        Assert.Equal($"{positions[1]}", (string?)(await anna.Client.ReceiveJsonAsync())["position"]);
    }

    [Theory]
    [InlineData("close")]
    [InlineData("abort")]
    [InlineData("drain")]
    [InlineData("expire")]
    public async Task The_last_position_is_stored_when_the_connection_ends(string end)
    {
        var positions = await BroadcastAsync(3);
        var (anna, _) = await EnterAsync("anna");
        await ReadAsync(anna, positions[0]);
        await anna.Client.ReceiveJsonUntilAsync("read");
        await ReadAsync(anna, positions[2], "r");
        await anna.Client.ReceiveJsonAsync();
        Assert.Equal([positions[0]], _store.Moves);

        switch (end)
        {
            case "close":
                await anna.Client.SendCloseAsync();
                break;
            case "abort":
                anna.Client.Disconnect();
                break;
            case "drain":
                var stopping = _host.StopAsync();
                await anna.Client.ReceiveAndAnswerCloseAsync();
                await stopping.Soon();
                break;
            case "expire":
                await anna.Handler.CloseConnection(4000);
                await anna.Client.ReceiveAndAnswerCloseAsync();
                break;
        }

        await anna.Ended.Soon();
        Assert.Equal([positions[0], positions[2]], _store.Moves);
        Assert.Equal(0, (await UnreadAsync("anna", "lobby"))["lobby"]);
    }

    [Fact]
    public async Task A_position_that_could_not_be_stored_is_tried_again()
    {
        var positions = await BroadcastAsync(3);
        var (anna, _) = await EnterAsync("anna");
        _store.Down = true;
        await ReadAsync(anna, positions[1]);
        await Patience.UntilAsync(() => _store.Moves.Count == 1, "the first attempt");
        await Patience.UntilAsync(() => Later() >= 2, "the second attempt");

        _store.Down = false;
        await Patience.UntilAsync(() => Later() >= 3, "the third attempt");

        Assert.Equal($"{positions[1]}", (string?)(await anna.Client.ReceiveJsonAsync())["position"]);

        int Later()
        {
            _host.Clock.Advance(TimeSpan.FromSeconds(1.1));
            return _store.Moves.Count;
        }
    }

    [Fact]
    public async Task A_client_whose_cursor_cannot_be_read_becomes_live_without_it()
    {
        await BroadcastAsync(1);
        _store.Down = true;

        var (_, frames) = await EnterAsync("anna");

        Assert.Equal(["0", "live"], frames.Shorten());
        Assert.DoesNotContain("unread", frames[^1]);
    }

    [Fact]
    public async Task A_room_that_replays_nothing_still_says_what_is_unread()
    {
        await BroadcastAsync(2);

        var (_, frames) = await EnterAsync("anna", new WebSocketConnectionOptions { TrackReads = true, HistoryCapacity = 0 });

        Assert.Equal((null, 2), ReadAndUnread(frames[^1]));
    }

    [Fact]
    public async Task A_client_that_has_left_a_room_is_not_notified_of_its_cursor()
    {
        var team = (await _host.Broadcaster.BroadcastAsync("team", "x")).GetValueOrDefault();
        var options = new WebSocketConnectionOptions { TrackReads = true, AllowClientJoins = true, PingInterval = Timeout.InfiniteTimeSpan };
        var (phone, _) = await EnterAsync("anna", options);
        var (laptop, _) = await EnterAsync("anna", options, room: "team");
        await phone.Client.SendAsync("""{"type":"join","room":"team"}""");
        await phone.Client.ReceiveJsonUntilAsync("live");
        await phone.Client.SendAsync("""{"type":"leave","ref":"l","room":"team"}""");
        await phone.Client.ReceiveJsonUntilAsync("ack");

        await ReadAsync(laptop, team);

        await laptop.Client.ReceiveJsonUntilAsync("read");
        await _host.Broadcaster.SendToUserAsync("anna", "next");
        Assert.Equal("next", (string?)(await phone.Client.ReceiveJsonAsync())["data"]);
    }

    [Fact]
    public async Task Reads_count_towards_the_rate()
    {
        var (anna, _) = await EnterAsync("anna", new() { TrackReads = true, MaxMessagesPerSecond = 1, MaxMessageBurst = 5 });

        for (var i = 0; i < 6; i++)
            await anna.Client.SendAsync("""{"type":"read","position":"e:1"}""");

        Assert.Equal("rate_limited", (string?)(await anna.Client.ReceiveJsonUntilAsync("error"))[^1]["code"]);
    }

    [Fact]
    public async Task The_application_counts_unread_messages_without_a_connection()
    {
        var positions = await BroadcastAsync(3);
        await _store.MoveAsync("lobby", "anna", positions[0]);

        var unread = await UnreadAsync("anna", "lobby", "empty", "lobby");

        Assert.Equal([("empty", 0), ("lobby", 2)], unread.Select(static room => (room.Key, room.Value)).Order());
        await Assert.ThrowsAsync<ArgumentException>(async () => await UnreadAsync("anna", "a\nb"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await UnreadAsync("", "a"));
    }

    private async Task<MessagePosition[]> BroadcastAsync(int count)
    {
        var positions = new MessagePosition[count];
        for (var i = 0; i < count; i++)
            positions[i] = (await _host.Broadcaster.BroadcastAsync("lobby", $"{i}")).GetValueOrDefault();
        return positions;
    }

    private Task<(ChatConnection Connection, List<JsonObject> Frames)> EnterAsync(
        string? user, WebSocketConnectionOptions? options = null, string room = "lobby") => _host.EnterAsAsync(user, options ?? Tracking, room);

    private ValueTask<IReadOnlyDictionary<string, int>> UnreadAsync(string user, params string[] rooms) =>
        _host.Services.GetRequiredService<IRoomReads>().GetUnreadAsync(user, rooms);

    private static Task ReadAsync(ChatConnection connection, MessagePosition position, string? reference = null) =>
        connection.Client.SendAsync(
            reference is null
                ? $$"""{"type":"read","position":"{{position}}"}"""
                : $$"""{"type":"read","ref":"{{reference}}","position":"{{position}}"}""");

    private static (MessagePosition? Read, int? Unread) ReadAndUnread(JsonObject live) =>
        (MessagePosition.TryParse((string?)live["read"], out var read) ? read : null, (int?)live["unread"]);

    /// <summary>A store that counts what it is asked, and fails when told to.</summary>
    private sealed class CountingStore : IReadStore
    {
        private readonly List<MessagePosition> _moves = [];
        private IReadStore _inner = null!;
        private int _calls;

        public bool Down { get; set; }

        public int Calls => Volatile.Read(ref _calls);

        public IReadOnlyList<MessagePosition> Moves
        {
            get
            {
                lock (_moves)
                    return [.. _moves];
            }
        }

        public CountingStore Around(IReadStore inner)
        {
            _inner = inner;
            return this;
        }

        public ValueTask<MessagePosition?> MoveAsync(string room, string user, MessagePosition to, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _calls);
            lock (_moves)
                _moves.Add(to);
            return Down ? throw new HistoryUnavailableException() : _inner.MoveAsync(room, user, to, cancellationToken);
        }

        public ValueTask<IReadOnlyList<ReadState>> GetAsync(
            string user, IReadOnlyList<string> rooms, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _calls);
            return Down ? throw new HistoryUnavailableException() : _inner.GetAsync(user, rooms, cancellationToken);
        }
    }
}

using System.Net.WebSockets;
using System.Security.Claims;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

/// <summary>Rooms whose history is in a real Redis.</summary>
public class RoomsInRedisTests(RedisServer redis) : IClassFixture<RedisServer>
{
    [Fact]
    public async Task A_client_that_joins_while_others_send_gets_a_contiguous_tail()
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
    public async Task Members_on_all_nodes_get_the_same_messages_in_the_same_order()
    {
        const int Nodes = 3, Each = 100;
        var prefix = RedisHost.NewPrefix();
        var hosts = Enumerable.Range(0, Nodes).Select(_ => StartHost(prefix)).ToList();
        var members = new List<ChatConnection>();
        foreach (var host in hosts)
            members.Add(await host.EnterAsync("shared", new ScriptedHandler { Message = SendOn }));

        await Task.WhenAll(members.Select(async (member, node) =>
        {
            for (var i = 0; i < Each; i++)
                await member.Client.SendAsync($"{node}:{i}");
        }));

        var received = await Task.WhenAll(members.Select(static member => member.Client.ReceiveTextsAsync(Nodes * Each)));
        Assert.Equal(received[0], received[1]);
        Assert.Equal(received[0], received[2]);
        for (var node = 0; node < Nodes; node++)
            Assert.Equal(Enumerable.Range(0, Each).Select(i => $"{node}:{i}"), received[0].Where(text => text.StartsWith($"{node}:", StringComparison.Ordinal)));
        Assert.Equal(received[0].TakeLast(100), (await hosts[0].History.ReadAsync("shared")).Messages.Select(static m => m.Text));
        foreach (var host in hosts)
            await host.DisposeAsync();

        static ValueTask SendOn(ScriptedHandler handler, WebSocketMessage message) =>
            message.Text == "knock" ? ValueTask.CompletedTask : handler.Broadcast(message.Text);
    }

    [Fact]
    public async Task Messages_to_a_user_and_ephemeral_messages_reach_all_nodes()
    {
        var prefix = RedisHost.NewPrefix();
        await using var here = StartHost(prefix);
        await using var there = StartHost(prefix);
        var phone = await here.EnterAsync("room", info: ByAnn);
        var laptop = await there.EnterAsync("room", info: ByAnn);
        var bob = await there.EnterAsync("room");

        await here.Broadcaster.SendToUserAsync("ann", "for ann");
        Assert.Equal("for ann", await phone.Client.ReceiveTextAsync());
        Assert.Equal("for ann", await laptop.Client.ReceiveTextAsync());

        await here.Broadcaster.BroadcastAsync("room", "ephemeral", new RoomBroadcastOptions { Store = false });
        foreach (var member in new[] { phone, laptop, bob })
            Assert.Equal("ephemeral", await member.Client.ReceiveTextAsync());
        Assert.Equal(MessagePosition.None, (await here.History.ReadAsync("room")).Top);

        static WebSocketConnectionInfo ByAnn(Action abort) => new()
        {
            Room = "room",
            Abort = abort,
            User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, "ann")], "test")),
        };
    }

    [Fact]
    public async Task Users_are_moved_and_their_rooms_are_known_on_all_nodes()
    {
        var prefix = RedisHost.NewPrefix();
        await using var here = StartHost(prefix);
        await using var there = StartHost(prefix);
        await using var elsewhere = StartHost(prefix);
        ChatConnection[] connections = [await here.EnterTrackedAsync("anna"), await there.EnterTrackedAsync("anna", "other")];

        await elsewhere.Broadcaster.JoinUserAsync("anna", "team");
        foreach (var connection in connections)
            await connection.Client.ReceiveJsonUntilAsync("live");
        foreach (var host in new[] { here, there, elsewhere })
            Assert.Equal(["lobby", "other", "team"], (await host.Broadcaster.GetRoomsAsync("anna").AsTask().Soon()).Order());
        Assert.Empty(await here.Broadcaster.GetRoomsAsync("bob").AsTask().Soon());
        await elsewhere.Broadcaster.LeaveUserAsync("anna", "team", "go");
        foreach (var connection in connections)
            Assert.Equal("go", (string?)(await connection.Client.ReceiveJsonUntilAsync("left"))[^1]["reason"]);
        Assert.Equal(["lobby", "other"], (await there.Broadcaster.GetRoomsAsync("anna").AsTask().Soon()).Order());
    }

    [Fact]
    public async Task Signals_reach_the_other_nodes_and_leave_nothing_in_Redis()
    {
        const string Secret = "the-signal-of-this-test";
        var prefix = RedisHost.NewPrefix();
        await using var here = StartHost(prefix);
        await using var there = StartHost(prefix);
        var (ann, _) = await here.EnterV1Async(new ScriptedHandler { Signal = static (self, signal) => self.SendSignal(signal.Name, signal.Data) });
        var (bob, _) = await there.EnterV1Async();

        await ann.Client.SendAsync($$"""{"type":"signal","name":"typing","data":"{{Secret}}"}""");
        Assert.Equal($$"""{"type":"signal","room":"lobby","name":"typing","data":"{{Secret}}"}""", await bob.Client.ReceiveTextAsync());
        await there.Broadcaster.SignalAsync("lobby", "typing", Secret);
        Assert.Equal("signal", (string?)(await ann.Client.ReceiveJsonAsync())["type"]);
        await there.Broadcaster.BroadcastAsync("lobby", "stored");

        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Configuration);
        var (messages, meta) = ($"{prefix}{{lobby}}:messages", $"{prefix}{{lobby}}:meta");
        var keys = connection.GetServers().Single().Keys(pattern: $"{prefix}{{*").Select(static key => (string?)key).ToList();
        Assert.Equal([messages, meta], keys.Order());
        Assert.Single(await connection.GetDatabase().ListRangeAsync(messages));
        var values = (await connection.GetDatabase().HashGetAllAsync(meta)).ToStringDictionary().Values;
        Assert.DoesNotContain(values, static value => value.Contains(Secret));
    }

    [Fact]
    public async Task A_message_that_could_not_be_stored_is_not_delivered_and_the_client_stays_connected()
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
        await host.CanStoreAsync();
        await sender.Client.SendAsync("after");

        Assert.Equal("after", await other.Client.ReceiveTextAsync());
        Assert.Equal("before", await sender.Client.ReceiveTextAsync());
        Assert.Equal("after", await sender.Client.ReceiveTextAsync());
        Assert.Equal(["before", "after"], (await host.History.ReadAsync("room")).Messages.Select(static m => m.Text));
    }

    [Fact]
    public async Task A_client_in_1000_rooms_resumes_on_another_node_and_gets_each_missed_message_once()
    {
        const int Rooms = 1_000;
        var prefix = RedisHost.NewPrefix();
        await using var here = RedisNode.Start(redis.Configuration, prefix, AllowRooms);
        await using var there = RedisNode.Start(redis.Configuration, prefix, AllowRooms);
        var allowing = new WebSocketConnectionOptions { AllowClientJoins = true };
        var rooms = Enumerable.Range(0, Rooms).Select(static i => $"room-{i}").ToList();
        var positions = new Dictionary<string, string>();
        var (first, _) = await here.EnterV1Async(options: allowing);
        foreach (var room in rooms)
            await first.Client.SendAsync($$"""{"type":"join","room":"{{room}}"}""");
        while (positions.Count < Rooms)
        {
            if (await first.Client.ReceiveJsonAsync() is var frame && (string?)frame["type"] == "live")
                positions.Add((string)frame["room"]!, (string)frame["position"]!);
        }

        await first.Client.SendCloseAsync(WebSocketCloseStatus.NormalClosure, null);
        await first.Ended.Soon();
        await Parallel.ForEachAsync(rooms, async (room, stop) =>
        {
            await here.Broadcaster.BroadcastAsync(room, "1", stop);
            await here.Broadcaster.BroadcastAsync(room, "2", stop);
        });

        var (second, _) = await there.EnterV1Async(options: allowing);
        foreach (var room in rooms)
            await second.Client.SendAsync($$"""{"type":"join","room":"{{room}}","after":"{{positions[room]}}"}""");
        var received = rooms.ToDictionary(static room => room, static _ => new List<string?>());
        for (var live = 0; live < Rooms;)
        {
            var frame = await second.Client.ReceiveJsonAsync();
            if ((string?)frame["type"] == "message")
                received[(string)frame["room"]!].Add((string?)frame["data"]);
            else if ((string?)frame["type"] == "live")
                live++;
        }

        Assert.All(received.Values, static texts => Assert.Equal(["1", "2"], texts));

        static void AllowRooms(IServiceCollection services) => services.Configure<ChatKitOptions>(static options => options.MaxRoomsPerConnection = Rooms + 1);
    }

    private static async Task<List<int>> ReadToEndAsync(ChatConnection connection, int total)
    {
        List<int> tail = [];
        while (tail.Count == 0 || tail[^1] != total - 1)
            tail.Add(int.Parse(await connection.Client.ReceiveTextAsync()));
        return tail;
    }

    private ChatHost StartHost(string prefix, RedisServer? server = null) => RedisNode.Start((server ?? redis).Configuration, prefix);
}

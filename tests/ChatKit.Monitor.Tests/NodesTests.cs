using System.Net;
using System.Net.WebSockets;
using ChatKit.Monitor.Nodes;
using Microsoft.Extensions.DependencyInjection;

[assembly: AssemblyFixture(typeof(RedisServer))]

namespace ChatKit.Monitor.Tests;

/// <summary>Two nodes that share a Redis, seen from the page of the first.</summary>
public sealed class NodesTests(RedisServer redis) : IAsyncLifetime
{
    private readonly string _prefix = $"test-{Guid.NewGuid():n}:";
    private MonitoredNode _one = null!;
    private MonitoredNode _two = null!;

    public async ValueTask InitializeAsync()
    {
        _one = await MonitoredNode.StartAsync("one", redis, _prefix);
        _two = await MonitoredNode.StartAsync("two", redis, _prefix);
    }

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    [Fact]
    public async Task The_overview_shows_the_rooms_and_connections_of_all_nodes()
    {
        using var ann = await _one.VisitAsync("ann", "green");
        using var bob = await _two.VisitAsync("bob", "blue");
        using var nobody = await _two.VisitAsync(null, "green");
        await bob.JoinAsync("red");

        var overview = await _one.OverviewAsync(
            static o => o.Nodes.Count == 2 && o.Rooms.Count == 3 && o.Rooms[0] is { Present: 2 } && o.Rooms.All(static room => room.Present > 0),
            "both nodes have answered, and everybody is present");

        Assert.Equal(["one", "two"], overview.Nodes.Select(static node => node.Name));
        Assert.All(overview.Nodes, static node => Assert.Equal("Healthy", node.Health.Status));
        Assert.All(overview.Nodes, static node => Assert.NotNull(node.Health.RedisPing));
        Assert.Equal([1, 2], overview.Nodes.Select(static node => node.Counts.Connections));
        Assert.Equal([1, 1], overview.Nodes.Select(static node => node.Counts.Users));
        Assert.Equal((3, false, false, 0), (overview.RoomCount, overview.HasMoreRooms, overview.IsAlone, overview.Unanswered));
        Assert.Equal([("green", 2, 2), ("blue", 1, 1), ("red", 1, 1)], overview.Rooms.Select(static room => (room.Name, room.Members, room.Nodes)));
        Assert.Equal(
            [(nobody.Id, "two", null, "green"), (ann.Id, "one", "ann", "green"), (bob.Id, "two", "bob", "blue,red")],
            overview.Connections.Select(static c => (c.Id, c.Node, c.User, string.Join(',', c.Rooms.Order()))).OrderBy(static c => c.User));
        Assert.All(overview.Connections, static connection => Assert.Equal("WebSockets", connection.Transport));
    }

    [Fact]
    public async Task The_overview_finds_rooms_users_and_connections()
    {
        using var ann = await _one.VisitAsync("ann", "green");
        using var bob = await _two.VisitAsync("bob", "Greenland");
        using var cleo = await _two.VisitAsync("cleo", "blue");

        var overview = await _one.OverviewAsync(static o => o.Nodes.Count == 2, "both nodes have answered", "GREEN");
        var one = await _one.OverviewAsync(static o => o.Nodes.Count == 2, "both nodes have answered", cleo.Id);

        Assert.Equal(["Greenland", "green"], overview.Rooms.Select(static room => room.Name));
        Assert.Equal(2, overview.Connections.Count);
        Assert.Equal(3, overview.Nodes.Sum(static node => node.Counts.Connections));
        Assert.Equal(cleo.Id, Assert.Single(one.Connections).Id);
    }

    [Fact]
    public async Task Rates_are_those_of_all_nodes()
    {
        using var ann = await _one.VisitAsync("ann", "green");
        using var bob = await _two.VisitAsync("bob", "green");

        var overview = await _one.OverviewAsync(
            o =>
            {
                _ = ann.SendAsync("hi");
                return o.Nodes.Count == 2 && o.Nodes.All(static node => node.Rates?.Delivered > 0) && o.Rooms is [{ PerSecond: > 0 }];
            },
            "both nodes have measured what they deliver");

        var (one, two) = (overview.Nodes[0].Rates!, overview.Nodes[1].Rates!);
        Assert.True(one is { Received: > 0, Stored: > 0 });
        Assert.Equal((0, 0), (two.Received, two.Stored));
    }

    [Fact]
    public async Task An_operator_looks_into_a_room()
    {
        using var ann = await _one.VisitAsync("ann", "green");
        using var bob = await _two.VisitAsync("bob", "green");
        for (var i = 1; i <= 60; i++)
            await ann.SendAsync($"message {i}");
        await Patience.UntilAsync(async () => (await _one.RoomAsync("green")).Messages is [.., { Text: "message 60" }], "all messages are stored");

        var view = await _one.RoomAsync("green");
        var older = await _one.RoomAsync("green", view.Messages[0].Position);

        Assert.Equal((2, 2, 2), (view.Room!.Members, view.Room.Nodes, view.Connections.Count));
        Assert.Equal(["ann", "bob"], view.Present.Select(static member => member.Id).Order());
        Assert.True(view.HasOlder);
        Assert.Equal(("message 11", "ann"), (view.Messages[0].Text, view.Messages[0].From));
        Assert.Equal(10, older.Messages.Count);
        Assert.Equal("message 1", older.Messages[0].Text);
        Assert.False(older.HasOlder);
    }

    [Fact]
    public async Task An_operator_closes_a_connection_on_another_node()
    {
        using var ann = await _one.VisitAsync("ann", "green");
        using var bob = await _two.VisitAsync("bob", "green");

        var closed = await _one.CommandAsync("close", new { connection = bob.Id, reason = "maintenance" });

        Assert.Equal((HttpStatusCode.OK, true), (closed.Status, closed.Outcome.Done));
        Assert.Equal((WebSocketCloseStatus.PolicyViolation, "maintenance"), await bob.CloseAsync());
        Assert.Equal($"The operator olga has closed the connection {bob.Id}.", Assert.Single(_one.LogOf(500)));
        await ann.SendAsync("still here");
        await ann.ReceiveAsync("message");
    }

    [Fact]
    public async Task A_connection_that_no_node_has_is_reported()
    {
        var (status, outcome) = await _one.CommandAsync("close", new { connection = "gone" });

        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.NotNull(outcome.Problem);
        Assert.Empty(_one.LogOf(500));
    }

    [Fact]
    public async Task An_operator_disconnects_a_user_from_all_nodes()
    {
        using var here = await _one.VisitAsync("bob", "green");
        using var there = await _two.VisitAsync("bob", "blue");
        using var ann = await _two.VisitAsync("ann", "blue");

        var disconnected = await _one.CommandAsync("disconnect", new { user = "bob" });

        Assert.Equal(HttpStatusCode.OK, disconnected.Status);
        Assert.Equal((WebSocketCloseStatus.PolicyViolation, "closed by an operator"), await here.CloseAsync());
        Assert.Equal((WebSocketCloseStatus.PolicyViolation, "closed by an operator"), await there.CloseAsync());
        Assert.Equal("The operator olga has disconnected the user bob on all nodes.", Assert.Single(_one.LogOf(501)));
        await ann.SendAsync("still here");
        await ann.ReceiveAsync("message");
    }

    [Fact]
    public async Task An_operator_deletes_a_message()
    {
        using var ann = await _one.VisitAsync("ann", "green");
        using var bob = await _two.VisitAsync("bob", "green");
        await ann.SendAsync("a secret");
        var position = (await bob.ReceiveAsync("message")).GetProperty("position").GetString();

        var deleted = await _one.CommandAsync("delete", new { room = "green", position });
        var again = await _one.CommandAsync("delete", new { room = "green", position = position + "0" });

        Assert.Equal(HttpStatusCode.OK, deleted.Status);
        Assert.Equal(HttpStatusCode.NotFound, again.Status);
        var change = await bob.ReceiveAsync("change");
        Assert.True(change.GetProperty("deleted").GetBoolean());
        Assert.Equal("olga", change.GetProperty("by").GetString());
        var message = Assert.Single((await _one.RoomAsync("green")).Messages);
        Assert.Equal((true, null, "olga"), (message.IsDeleted, message.Text, message.ChangedBy));
        Assert.Equal($"The operator olga has deleted the message {position} of the room green.", Assert.Single(_one.LogOf(502)));
    }

    [Fact]
    public async Task A_node_that_does_not_answer_is_counted()
    {
        await using var mute = new ServiceCollection()
            .AddLogging()
            .AddChatKit().AddRedis(options => (options.Configuration, options.KeyPrefix) = (redis.Configuration, _prefix)).Services
            .BuildServiceProvider();
        await using var subscription = await mute.GetRequiredService<IBackplane>()
            .SubscribeAsync(MonitorNode.Room, new Mute(), TestContext.Current.CancellationToken);

        var overview = await _one.OverviewAsync(static o => o.Nodes.Count == 2 && o.Unanswered == 1, "one of three nodes has not answered");

        Assert.False(overview.IsAlone);
        var (status, _) = await _one.CommandAsync("close", new { connection = "gone" });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status); // It could be on the node that has not answered.
        Assert.Contains("The operator olga has asked to close the connection gone", Assert.Single(_one.LogOf(504)));
    }

    private sealed class Mute : IBackplaneSubscriber
    {
        public void OnMessage(ChatMessage message)
        {
        }

        public void OnAnnouncement(ReadOnlyMemory<byte> announcement)
        {
        }

        public void OnReconnected()
        {
        }
    }
}

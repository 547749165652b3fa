using System.Net.WebSockets;
using ChatKit.History;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Connections;

public class NodeInspectorTests
{
    [Fact]
    public async Task Connections_are_listed_with_their_users_and_rooms()
    {
        await using var host = new ChatHost();
        var ann = await EnterAsync(host, "lobby", "ann");
        await ann.Handler.Join("news");
        await host.EnterAsync("lobby");
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await EnterAsync(host, "news", "bob");

        var connections = Inspector(host).GetConnections().OrderBy(static c => c.UserId).ToList();

        Assert.Equal([null, "ann", "bob"], connections.Select(static c => c.UserId));
        Assert.Equal(["lobby", "lobby", "news"], connections.Select(static c => c.Room));
        Assert.Equal(["lobby", "news"], connections[1].Rooms.Order());
        Assert.Equal(ann.Handler.Connection.Id, connections[1].Id);
        Assert.Equal([ChatHost.Start, ChatHost.Start.AddMinutes(1)], connections[1..].Select(static c => c.OpenedAt));
        Assert.All(connections, static c => Assert.Equal((ChatTransports.WebSockets, 0), (c.Transport, c.BytesQueued)));
        Assert.All(connections, static c => Assert.True(c is { BytesReceived: > 0, QueueLimit: 1024 * 1024 }));
    }

    [Fact]
    public async Task The_connections_of_a_room_are_listed_up_to_a_limit()
    {
        await using var host = new ChatHost();
        for (var i = 0; i < 3; i++)
            await EnterAsync(host, "lobby", $"user {i}");
        await EnterAsync(host, "news", "bob");
        var inspector = Inspector(host);

        Assert.Equal(3, inspector.GetConnections("lobby", 10).Select(static c => c.UserId).Distinct().Count());
        Assert.Equal(2, inspector.GetConnections("lobby", 2).Count);
        Assert.Empty(inspector.GetConnections("empty", 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => inspector.GetConnections("lobby", 0));
    }

    [Fact]
    public async Task Rooms_are_measured_and_those_of_users_are_hidden()
    {
        await using var host = new ChatHost();
        var ann = await EnterAsync(host, "lobby", "ann");
        await EnterAsync(host, "lobby", "bob");
        await EnterAsync(host, "news", "bob");
        var inspector = Inspector(host);
        var before = inspector.FindRoom("lobby")!.Events;
        for (var i = 0; i < 3; i++)
            await ann.Handler.Broadcast("hi");
        await ann.Handler.Broadcast("not stored", new BroadcastOptions { Store = false });

        Assert.Equal(["lobby", "news"], inspector.GetRooms().Select(static room => room.Name).Order());
        var lobby = inspector.FindRoom("lobby")!;
        Assert.Equal((2, 0, 3, 4), (lobby.Members, lobby.MembersBehind, lobby.Position!.Value.Sequence, lobby.Events - before));
        Assert.Null(inspector.FindRoom("empty"));
        Assert.Null(inspector.FindRoom(RoomName.OfUser("ann")));
        Assert.Empty(inspector.GetConnections(RoomName.OfUser("ann"), 10));
    }

    [Fact]
    public async Task Members_that_cannot_catch_up_are_behind()
    {
        await using var host = new ChatHost(services: static services => services
            .AddSingleton(static p => new FaultyHistory(ActivatorUtilities.CreateInstance<InMemoryMessageHistory>(p)))
            .AddSingleton(static p => p.GetRequiredService<FaultyHistory>().Object));
        host.Services.GetRequiredService<FaultyHistory>().Down = true;

        await host.EnterAsync();

        Assert.True(Inspector(host).FindRoom("lobby") is { Members: 1, MembersBehind: 1, Position: null });
    }

    [Fact]
    public async Task A_connection_is_closed_with_a_valid_code_only()
    {
        await using var host = new ChatHost();
        var ann = await EnterAsync(host, "lobby", "ann");
        var connection = Assert.Single(Inspector(host).GetConnections());
        Assert.Throws<ArgumentOutOfRangeException>(() => connection.Close((WebSocketCloseStatus)1005));
        Assert.Throws<ArgumentException>(() => connection.Close(WebSocketCloseStatus.PolicyViolation, new string('x', 124)));

        connection.Close(WebSocketCloseStatus.PolicyViolation, "enough");
        connection.Close(WebSocketCloseStatus.NormalClosure);

        Assert.Equal((1008, "enough"), await ann.Client.ReceiveAndAnswerCloseAsync());
        await Patience.UntilAsync(() => !Inspector(host).GetConnections().Any(), "the connection has ended");
    }

    private static INodeInspector Inspector(ChatHost host) => host.Services.GetRequiredService<INodeInspector>();

    private static Task<ChatConnection> EnterAsync(ChatHost host, string room, string user) =>
        host.EnterAsync(room, info: abort => new() { Room = room, User = Users.Named(user), Abort = abort });
}

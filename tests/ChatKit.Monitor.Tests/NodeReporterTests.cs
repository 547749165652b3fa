using System.Net.WebSockets;
using ChatKit.Monitor.Nodes;
using ChatKit.Monitor.Reports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Monitor.Tests;

/// <summary>What a node reports about rooms and connections that a test makes up.</summary>
public sealed class NodeReporterTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly FakeInspector _node = new();
    private readonly ServiceProvider _services;

    public NodeReporterTests() => _services = new ServiceCollection()
        .AddLogging()
        .AddSingleton<TimeProvider>(_clock)
        .AddSingleton<INodeInspector>(_node)
        .AddChatKit().AddMonitor().Services
        .BuildServiceProvider();

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task The_most_active_rooms_come_first_and_then_the_largest()
    {
        _node.Rooms = [Room("quiet", 3, 100), Room("large", 9, 100), Room("busy", 1, 100)];
        var first = await AskAsync();
        _node.Rooms = [Room("quiet", 3, 100), Room("large", 9, 100), Room("busy", 1, 140)];
        _clock.Advance(TimeSpan.FromSeconds(2));
        var second = await AskAsync();

        Assert.Equal([("large", null), ("quiet", null), ("busy", null)], RatesOf(first));
        Assert.Equal([("busy", 20), ("large", 0), ("quiet", 0)], RatesOf(second));
    }

    [Fact]
    public async Task Questions_within_a_second_receive_the_same_rates()
    {
        _node.Rooms = [Room("busy", 1, 100)];
        await AskAsync();
        _node.Rooms = [Room("busy", 1, 110)];
        _clock.Advance(TimeSpan.FromSeconds(1));
        await AskAsync();
        _node.Rooms = [Room("busy", 1, 111), Room("new", 1, 5)];
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        var soon = await AskAsync();
        _clock.Advance(TimeSpan.FromSeconds(0.9));
        var later = await AskAsync();

        Assert.Equal([("busy", 10), ("new", null)], RatesOf(soon));
        Assert.Equal([("new", 5), ("busy", 1)], RatesOf(later));
    }

    [Fact]
    public async Task A_room_that_began_to_count_again_has_the_rate_since_then()
    {
        _node.Rooms = [Room("lobby", 1, 1000)];
        await AskAsync();
        _node.Rooms = [Room("lobby", 1, 8)];
        _clock.Advance(TimeSpan.FromSeconds(4));

        Assert.Equal([("lobby", 2)], RatesOf(await AskAsync()));
    }

    [Fact]
    public async Task Nothing_is_known_of_the_time_before_somebody_looks_again()
    {
        _node.Rooms = [Room("lobby", 1, 1000)];
        await AskAsync();
        _clock.Advance(TimeSpan.FromMinutes(1));

        var answer = await AskAsync();

        Assert.Equal([("lobby", null)], RatesOf(answer));
        Assert.Null(answer.Node!.Rates);
    }

    [Fact]
    public async Task A_node_reports_some_of_its_rooms_and_connections_and_counts_all()
    {
        _node.Rooms = [.. Enumerable.Range(0, 1000).Select(static i => Room($"room {i}", i, 0))];
        _node.Connections =
            [.. Enumerable.Range(0, 1000).Select(static i => new FakeConnection { Id = $"{i}", UserId = $"user {i % 10}", BytesQueued = i })];

        var answer = await AskAsync();

        var counts = answer.Node!.Counts;
        Assert.Equal((1000, 1000, 10, 499_500), (counts.Rooms, counts.Connections, counts.Users, counts.BytesQueued));
        Assert.Equal(500, counts.SlowReaders);
        Assert.Equal(Enumerable.Range(950, 50).Reverse().Select(static i => $"room {i}"), answer.Node.TopRooms.Select(static room => room.Name));
        Assert.Equal(Enumerable.Range(900, 100).Reverse().Select(static i => $"{i}"), answer.Connections!.Select(static c => c.Id));
    }

    [Fact]
    public async Task A_connection_in_many_rooms_shows_some_of_them()
    {
        _node.Connections = [new FakeConnection { Id = "1", Rooms = [.. Enumerable.Range(0, 128).Select(static i => $"room {i}")] }];

        var connection = Assert.Single((await AskAsync()).Connections!);

        Assert.Equal((5, 128), (connection.Rooms.Count, connection.RoomCount));
    }

    private static (string, double?)[] RatesOf(Answer answer) => [.. answer.Node!.TopRooms.Select(static room => (room.Name, room.PerSecond))];

    private static RoomStatistics Room(string name, int members, long events) => new(name, members, 0, null, events);

    private Task<Answer> AskAsync() => _services.GetRequiredService<NodeReporter>()
        .AnswerAsync(new Question("1", "", QuestionKind.Overview), TestContext.Current.CancellationToken);

    private sealed class FakeInspector : INodeInspector
    {
        public RoomStatistics[] Rooms { get; set; } = [];

        public FakeConnection[] Connections { get; set; } = [];

        public IEnumerable<IOpenConnection> GetConnections() => Connections;

        public IReadOnlyCollection<IOpenConnection> GetConnections(string room, int limit) => [];

        public IEnumerable<RoomStatistics> GetRooms() => Rooms;

        public RoomStatistics? FindRoom(string room) => null;
    }

    private sealed class FakeConnection : IOpenConnection
    {
        public string Id { get; init; } = "";

        public string? UserId { get; init; }

        public string Room => "lobby";

        public IReadOnlyCollection<string> Rooms { get; init; } = [];

        public ChatTransports Transport => ChatTransports.WebSockets;

        public DateTimeOffset OpenedAt => DateTimeOffset.UnixEpoch;

        public long BytesReceived => 0;

        public long BytesSent => 0;

        public long BytesQueued { get; init; }

        public int QueueLimit => 1000;

        public void Close(WebSocketCloseStatus status, string? reason)
        {
        }
    }
}

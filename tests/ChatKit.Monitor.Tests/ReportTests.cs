using System.Net.WebSockets;
using System.Text;
using ChatKit.Monitor.Nodes;
using ChatKit.Monitor.Reports;
using ChatKit.TestKit.ForAll;

namespace ChatKit.Monitor.Tests;

/// <summary>What a node reports is bounded, whatever its users have chosen.</summary>
public class ReportTests
{
    [Fact]
    public void An_answer_with_long_names_has_fewer_of_them()
    {
        var room = new RoomReport(new string('字', 250), 1, 0, null, null);
        var connection = Connection(new string('<', 1000), [.. Enumerable.Repeat(room.Name, 5)]);

        var bytes = Full(room, connection).Encode();

        Assert.InRange(bytes.Length, 1, Answer.MaxLength);
        var answer = Answer.Decode(bytes)!;
        Assert.InRange(answer.Node!.TopRooms.Count, 1, NodeReporter.MaxRooms - 1);
        Assert.Equal(room.Name, answer.Node.TopRooms[0].Name);
        Assert.Equal(connection.User, answer.Connections![0].User);
    }

    [Fact]
    public void An_answer_with_usual_names_is_complete()
    {
        var room = new RoomReport("a room of team 4711", 1, 0, "1a2b3c:4711", 1.5);
        var connection = Connection(Guid.NewGuid().ToString(), [.. Enumerable.Repeat(room.Name, 3)]);

        var answer = Answer.Decode(Full(room, connection).Encode())!;

        Assert.Equal((NodeReporter.MaxRooms, NodeReporter.MaxConnections), (answer.Node!.TopRooms.Count, answer.Connections!.Count));
    }

    [ForAll]
    public void The_top_of_a_sequence_is_that_of_the_sorted_sequence(int[] items)
    {
        var top = new TopList<int, int>(3, Comparer<int>.Default);
        foreach (var item in items)
            top.Add(item, item);

        Assert.Equal(items.Order().Take(3), top.Take());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"id":"1","kind":"overview"}""")]
    [InlineData("""{"id":"1","replyTo":"2","kind":"ofANewerVersion"}""")]
    public void What_a_node_cannot_read_is_not_a_question(string text) => Assert.Null(Question.Decode(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"id":"1"}""")]
    [InlineData("""{"id":"1","nodeId":"2","node":{"id":"2","name":"two"}}""")]
    [InlineData("""{"id":"1","nodeId":"2","room":{"members":1}}""")]
    [InlineData("""{"id":"1","nodeId":"2","connections":[null]}""")]
    [InlineData("""{"id":"1","nodeId":"2","connections":[{"id":"3"}]}""")]
    public void What_lacks_something_is_not_an_answer(string text) => Assert.Null(Answer.Decode(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void A_long_message_is_cut_between_characters()
    {
        var data = Encoding.UTF8.GetBytes("x" + string.Concat(Enumerable.Repeat("😀", 2000)));

        var text = MessageReport.Of(new ChatMessage(WebSocketMessageType.Text, data, DateTimeOffset.UnixEpoch)).Text!;

        Assert.EndsWith("😀…", text);
        Assert.InRange(text.Length, 1990, 2001);
    }

    private static ConnectionReport Connection(string user, string[] rooms) => new(
        Guid.NewGuid().ToString("n"), "node-7d9f6c-x2x4z", user, "WebSockets", rooms, rooms.Length, DateTimeOffset.UnixEpoch, 0, 1024 * 1024);

    /// <summary>The longest answer of a node.</summary>
    private static Answer Full(RoomReport room, ConnectionReport connection)
    {
        var node = new NodeReport(
            Guid.NewGuid().ToString("n"),
            "node-7d9f6c-x2x4z",
            DateTimeOffset.UnixEpoch,
            new HealthReport("Healthy", null, 0.25),
            new NodeCounts(100_000, 100_000, 100_000, 100_000, 100_000, 0, 0, 1 << 30),
            new NodeRates(1000, 1000, 1000),
            new NodeTroubles(0, 0, 0, 0),
            [.. Enumerable.Repeat(room, NodeReporter.MaxRooms)]);
        return new Answer(
            Guid.NewGuid().ToString("n"), node.Id, node, Connections: [.. Enumerable.Repeat(connection, NodeReporter.MaxConnections)]);
    }
}

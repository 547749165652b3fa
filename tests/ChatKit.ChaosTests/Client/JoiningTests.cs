using ChatKit.TestKit.Client;

namespace ChatKit.ChaosTests.Client;

public class JoiningTests
{
    [Fact]
    public async Task The_client_joins_its_rooms_again_on_each_connection_and_resumes_there()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        client.Join("team");
        var first = await server.WelcomeAsync();
        await AcknowledgeJoinAsync(first);
        Assert.Equal(new RoomJoined("team"), await client.NextAsync<RoomJoined>());
        await first.SendAsync(InTeam("t:4", "four"));
        Assert.Equal("t:4 four", await client.NextSeenAsync());
        first.Abort();

        var second = await server.WelcomeAsync();
        Assert.Empty(second.After); // The join states the position.
        await AcknowledgeJoinAsync(second, "t:4");
        await second.SendAsync(InTeam("t:5", "five"));

        Assert.Equal("t:5 five", await client.NextSeenAsync());
    }

    [Fact]
    public async Task After_it_has_left_a_room_the_client_ignores_it_and_forgets_its_position()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        client.Join("team");
        var first = await server.WelcomeAsync();
        await AcknowledgeJoinAsync(first);
        await first.SendAsync(InTeam("t:4", "four"));
        Assert.Equal("t:4 four", await client.NextSeenAsync());

        client.Leave("team");
        Assert.Equal("leave", (await first.ReceiveAsync()).Type);
        await first.SendAsync(InTeam("t:5", "five"));
        await first.SendMessageAsync("e:1", "one");
        Assert.Equal("e:1 one", await client.NextSeenAsync());
        first.Abort();

        var second = await server.WelcomeAsync();
        Assert.Equal(["lobby~e:1"], second.After);
        client.Join("other");
        Assert.Equal("other", (await second.ReceiveFrameAsync())["room"]);
    }

    [Fact]
    public async Task What_arrives_before_the_acknowledgement_is_of_an_earlier_stay()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        client.Join("team");
        var connection = await server.WelcomeAsync();
        await AcknowledgeJoinAsync(connection);
        await client.NextAsync<RoomJoined>();
        client.Leave("team");
        client.Join("team");
        var (type, leave, _) = await connection.ReceiveAsync();
        Assert.Equal("leave", type);

        await connection.SendAsync(InTeam("t:5", "five"));
        await connection.SendAsync($$"""{"type":"ack","ref":"{{leave}}","room":"team"}""");
        await AcknowledgeJoinAsync(connection);
        await connection.SendAsync(InTeam("t:4", "four"));

        Assert.Equal("t:4 four", await client.NextSeenAsync());
    }

    [Fact]
    public async Task A_refused_join_is_reported_and_not_tried_again()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        client.Join("team");
        var first = await server.WelcomeAsync();
        await first.SendErrorAsync((await first.ReceiveAsync()).Ref, "forbidden");
        Assert.Equal(new JoinRefused("team", "forbidden"), await client.NextAsync<JoinRefused>());
        first.Abort();

        var second = await server.WelcomeAsync();
        _ = client.SendAsync("hi");

        Assert.Equal("message", (await second.ReceiveAsync()).Type);
    }

    [Fact]
    public async Task Reads_and_signals_are_sent_once()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        Assert.False(client.Signal("lobby", "typing"));
        var first = await server.WelcomeAsync();
        await first.SendLiveAsync("e:5");
        await Patience.UntilAsync(() => client.IsLive, "the client is live");
        Assert.True(client.Read("lobby", "e:3"));
        Assert.True(client.Signal("lobby", "typing"));
        var read = await first.ReceiveFrameAsync();
        var signal = await first.ReceiveFrameAsync();
        first.Abort();

        var second = await server.WelcomeAsync();
        _ = client.SendAsync("hi");

        Assert.Equal(("read", "e:3"), (read["type"], read["position"]));
        Assert.Equal(("signal", "typing"), (signal["type"], signal["name"]));
        Assert.Equal("message", (await second.ReceiveAsync()).Type);
    }

    [Fact]
    public async Task Reads_and_signals_of_others_are_reported()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var connection = await server.WelcomeAsync();
        await connection.SendAsync("""{"type":"read","room":"lobby","user":"ann","position":"e:3"}""");
        await connection.SendAsync("""{"type":"signal","room":"lobby","from":"ann","name":"typing"}""");
        await connection.SendAsync("""{"type":"live","room":"lobby","position":"e:5","recovered":true,"read":"e:3","unread":2}""");

        Assert.Equal(new ReadMoved("lobby", "ann", "e:3"), await client.NextAsync<ReadMoved>());
        Assert.Equal(new SignalReceived("lobby", "ann", "typing", null), await client.NextAsync<SignalReceived>());
        Assert.Equal(new BecameLive("lobby", "e:5", true, 0, "e:3", 2), await client.NextAsync<BecameLive>());
    }

    private static async Task AcknowledgeJoinAsync(ScriptedConnection connection, string? after = null)
    {
        var join = await connection.ReceiveFrameAsync();
        Assert.Equal(("join", "team", after), (join["type"], join["room"], join.GetValueOrDefault("after")));
        await connection.SendAsync($$"""{"type":"ack","ref":"{{join["ref"]}}","room":"team"}""");
    }

    private static string InTeam(string position, string data) =>
        $$"""{"type":"message","room":"team","position":"{{position}}","at":"2026-11-22T18:00:00Z","data":"{{data}}"}""";
}

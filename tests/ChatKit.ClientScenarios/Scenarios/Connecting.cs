using ChatKit.ClientScenarios.Server;

namespace ChatKit.ClientScenarios.Scenarios;

/// <summary>docs/protocol.md, "Connecting".</summary>
internal static class Connecting
{
    [Scenario("connecting/subprotocol", "MUST", "It offers the subprotocol, and states no position and no connection at first.")]
    public static async Task Subprotocol(Stage stage)
    {
        await stage.ConnectAsync();

        var handshake = await stage.Server.NextAsync(Way.WebSocket);

        Assert.Contains("chatkit.v1", handshake.Offered);
        Assert.Empty(handshake.After);
        Assert.Empty(handshake.Former);
    }

    [Scenario("connecting/other-server", "MUST", "It closes the connection if the server doesn't select the subprotocol.")]
    public static async Task OtherServer(Stage stage)
    {
        await stage.ConnectAsync();

        var connection = await (await stage.Server.NextAsync()).AcceptAsync(subprotocol: null);

        await connection.ClosedAsync();
        Assert.Empty(stage.Client.Story("message", "live"));
    }

    [Scenario("connecting/former-connections", "does", "It names its latest connections, and at most 8 of them.")]
    public static async Task FormerConnections(Stage stage)
    {
        var connection = await stage.StartAsync();
        for (var count = 2; count <= 11; count++)
        {
            await connection.BreakAsync();
            connection = await stage.LiveAsync();
            Assert.InRange(connection.Handshake.Former.Length, 1, 8);
            Assert.Contains($"c{count - 1}", connection.Handshake.Former);
        }
    }

    [Scenario("connecting/unknown-members", "MUST", "It ignores unknown members, in any order of members.")]
    public static async Task UnknownMembers(Stage stage)
    {
        await stage.ConnectAsync();
        var connection = await stage.Server.AcceptAsync();

        await connection.SendAsync(
            """{"rooms":128,"new":[{"type":"left"}],"limit":65536,"ping":20,"room":"lobby","connection":"c1","type":"welcome"}""",
            """{"data":"one","new":null,"at":"2026-11-22T18:00:00Z","position":"e:1","room":"lobby","type":"message"}""",
            """{"recovered":false,"new":{"position":"e:7"},"position":"e:1","room":"lobby","type":"live"}""");

        await stage.Client.ExpectAsync("live");
        Assert.Equal(["e:1 one"], stage.Client.Story());
    }

    [Scenario("connecting/unknown-frames", "MUST", "It ignores frames of unknown types.")]
    public static async Task UnknownFrames(Stage stage)
    {
        var connection = await stage.StartAsync();

        await connection.SendAsync("""{"type":"future","room":"lobby","position":"e:9","data":7,"at":"never","messages":{}}""");
        await connection.SendAsync(Frames.Message("e:2", "two"));

        await stage.Client.SettleAsync(connection);
        Assert.Equal(["e:2 two"], stage.Client.Story());
        await connection.HasSentNothingAsync();
    }

    [Scenario("connecting/encoding", "does", "It encodes positions like any query.")]
    public static async Task Encoding(Stage stage)
    {
        await stage.ConnectAsync(after: new Dictionary<string, string> { ["a&b=c~ü +%"] = "5k2j9:42/17" });

        var handshake = await stage.Server.NextAsync();

        Assert.Equal(["a&b=c~ü +%~5k2j9:42/17"], handshake.After);
    }
}

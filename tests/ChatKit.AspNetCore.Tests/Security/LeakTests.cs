using System.Net.WebSockets;

namespace ChatKit.AspNetCore.Tests.Security;

/// <summary>Clients receive no details of the server, and the server does not trust what clients claim.</summary>
public class LeakTests
{
    private const string Secret = "redis-7.internal:6379 password";

    private static ClientSettings V1 => new()
    {
        Options = static options =>
        {
            options.AddSubProtocol("chatkit.v1");
            options.SetRequestHeader("Authorization", $"Bearer {MembersServer.Token()}");
        },
    };

    [Theory]
    [InlineData("fails", "failed")]
    [InlineData("is away", "unavailable")]
    public async Task The_client_does_not_receive_the_details_of_a_failure(string text, string code)
    {
        await using var members = await MembersServer.StartAsync(new Script
        {
            Message = static (_, message) => message.Text == "fails"
                ? throw new InvalidOperationException(Secret)
                : throw new HistoryUnavailableException(Secret),
        });
        await using var client = await members.Server.ConnectAsync("/chat/lobby", V1);
        await client.ReceiveAsync(2);

        await client.SendAsync($$"""{"type":"message","ref":"r","data":"{{text}}"}""");
        var frame = await client.ReceiveAsync();

        Assert.StartsWith($$"""{"type":"error","ref":"r","code":"{{code}}","text":""", frame, StringComparison.Ordinal);
        Assert.DoesNotContain("redis", frame, StringComparison.OrdinalIgnoreCase);
        if (code == "failed")
            Assert.Equal((WebSocketCloseStatus.InternalServerError, "the handler failed"), await client.ReceiveCloseAsync());
    }

    [Fact]
    public async Task The_server_sets_the_sender_of_a_message_not_the_client()
    {
        await using var members = await MembersServer.StartAsync(Script.Broadcasting);
        await using var client = await members.Server.ConnectAsync("/chat/lobby?user=admin&connection=1", V1);
        Assert.Contains("\"user\":\"id-of-member\"", (await client.ReceiveAsync(2))[0], StringComparison.Ordinal);

        await client.SendAsync(
            """{"type":"message","from":"admin","user":"admin","connection":"1","position":"e:9","at":"2000-01-01T00:00:00Z","data":"hi"}""");
        var frame = await client.ReceiveAsync();

        Assert.Contains("\"room\":\"lobby\"", frame, StringComparison.Ordinal);
        Assert.Contains("\"from\":\"id-of-member\"", frame, StringComparison.Ordinal);
        Assert.DoesNotContain("admin", frame, StringComparison.Ordinal);
        Assert.DoesNotContain("e:9", frame, StringComparison.Ordinal);
        Assert.DoesNotContain("2000-01-01", frame, StringComparison.Ordinal);
    }
}

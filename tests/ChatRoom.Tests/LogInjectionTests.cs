using System.Net.WebSockets;

namespace ChatRoom.Tests;

public class LogInjectionTests
{
    private const string Hostile = "x\r\nfail: forged\u001b[2J\u0085\u2028\u2029\u200f\u202e\u2066";

    [Fact]
    public async Task Names_and_messages_cannot_forge_log_lines()
    {
        await using var process = await ChatRoomProcess.StartAsync("--logging", "debug");
        using (var client = await process.ConnectV1Async($"/chat/lobby?name={Uri.EscapeDataString(Hostile)}"))
        {
            await client.SendV1Async(Hostile);
            await Patience.UntilAsync(() => process.Output.Contains(@"forged\u001B[2J\u0085\u2028\u2029\u200F\u202E\u2066", StringComparison.Ordinal), "the message is logged");
            await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "x\r\nfail: forged\u2028\u202e", CancellationToken.None).Soon();
        }

        await Assert.ThrowsAsync<WebSocketException>(() => process.ConnectAsync("/chat/%0D%0Afail%3A%20forged%E2%80%A8"));
        await Patience.UntilAsync(() => process.Output.Contains(" left lobby ", StringComparison.Ordinal), "the end is logged");

        Assert.DoesNotContain(process.Output, static c => (char.IsControl(c) && c != '\n') || c is '\u200f' or (>= '\u2028' and <= '\u202e') or '\u2066');
        Assert.DoesNotContain(process.Output.Split('\n'), static line => line.TrimStart().StartsWith("fail:", StringComparison.Ordinal));
    }
}

using System.Net.WebSockets;
using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Tests.Security;

/// <summary>For any text of a client, a log event is one line, without characters that control a terminal or the text direction.</summary>
public class LogInjectionTests
{
    private const string Hostile = "x\r\nfail: forged\u001b[2J\u0085\u2028\u2029\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";

    [Fact]
    public async Task Nothing_that_a_client_chooses_breaks_a_line_of_the_log()
    {
        await using var server = await StartAsync();

        await RefusedAsync(server);
        await ConnectHostileClientsAsync(server);

        var lines = server.Logs.Entries.Where(static entry => entry.Category.StartsWith("ChatKit", StringComparison.Ordinal)).ToList();
        foreach (var id in (int[])[100, 101, 102, 130, 201, 301])
            Assert.Contains(lines, line => line.Id == id);
        Assert.All(lines, static line =>
        {
            AssertIsOneLine(line.Message);
            AssertIsOneLine(line.Exception?.Message ?? "");
        });
        Assert.Contains(lines, static line => line.Message.Contains(@"x\u000D\u000Afail: forged\u001B", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/chat/x%0D%0Afail%3A%20forged")]
    [InlineData("/chat/%E2%80%A8")]
    [InlineData("/chat/%E2%80%AEgpj")]
    public async Task A_refusal_is_one_line_of_text_and_not_a_page(string path)
    {
        await using var server = await StartAsync();

        using var response = await server.HandshakeAsync(path, ("Sec-WebSocket-Protocol", "chatkit.v1"));

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        AssertIsOneLine(text[..^1]);
    }

    /// <summary>Handshakes that fail, including bytes that no HTTP client would send.</summary>
    private static async Task RefusedAsync(ChatServer server)
    {
        foreach (var origin in new[] { "https://\u001b[2Jevil\t\u007f.net", "\u00e2\u0080\u00a8https://evil.net", "https://evil\u0085.net" })
        {
            using var client = await server.ConnectRawAsync();
            var answer = await client.RequestAsync(RawClient.Handshake("/chat/lobby", headers: [$"Origin: {origin}"]));
            Assert.StartsWith("HTTP/1.1 40", answer, StringComparison.Ordinal);
        }

        foreach (var path in new[] { "/chat/%0Aforged", "/chat/%E2%80%A8" })
        {
            using var response = await server.HandshakeAsync(path, ("Sec-WebSocket-Protocol", "chatkit.v1"));
            Assert.Equal(400, (int)response.StatusCode);
        }

        foreach (var after in new[] { "%0Aforged", $"{Uri.EscapeDataString(Hostile)}~e:1" })
        {
            await using var client = await server.ConnectAsync($"/chat/lobby?after={after}", V1);
            Assert.DoesNotContain("forged", (await client.ReceiveCloseAsync()).Reason, StringComparison.Ordinal);
        }
    }

    /// <summary>Connections of a user with a name that no identity provider should issue.</summary>
    private static async Task ConnectHostileClientsAsync(ChatServer server)
    {
        await using (var client = await server.ConnectAsync($"/chat/lobby?after={Uri.EscapeDataString($"lobby~{Hostile}:1")}", V1))
        {
            await client.ReceiveAsync();
            await client.SendAsync(Hostile);
            await client.SendAsync("""{"type":"message","ref":"\r\n\u2028","data":"\u001b"}""");
            await client.SendAsync("""{"type":"message","ref":"r","data":"join secret"}""");
            await client.SendAsync("""{"type":"message","ref":"s","data":"fail"}""");
            await client.ReceiveCloseAsync();
        }

        await using (var client = await server.ConnectAsync("/chat/secret"))
            await client.ReceiveCloseAsync();

        // This client reads nothing, until the messages to its user exceed its queue.
        await using (var slow = await server.ConnectAsync("/chat/lobby"))
        {
            var rooms = server.Services.GetRequiredService<IRoomBroadcaster>();
            await Patience.UntilAsync(
                async () =>
                {
                    await rooms.SendToUserAsync(Hostile, new string('x', 100_000));
                    return server.Logs.Entries.Any(static entry => entry.Id == 201);
                },
                "a slow client is closed");
        }

        await using (var client = await server.ConnectAsync("/chat/lobby"))
            await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "x\r\nfail: forged\u2028\u202e");
        await Patience.UntilAsync(() => server.Logs.Entries.Count(static entry => entry.Id == 101) >= 4, "all connections have ended");
    }

    private static ClientSettings V1 => new() { Options = static options => options.AddSubProtocol("chatkit.v1") };

    private static Task<ChatServer> StartAsync() => ChatServer.StartAsync(
        static app =>
        {
            app.Use(static (context, next) =>
            {
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, Hostile)], "test"));
                return next(context);
            });
            app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}", static options => options.OutboundQueueLimit = 1024);
        },
        static builder =>
        {
            builder.Logging.AddFilter("ChatKit", LogLevel.Trace);
            builder.Services.AddSingleton(new Script
            {
                Authorize = static room => room != "secret",
                Message = static (connection, message) => message.Text switch
                {
                    "join secret" => connection.JoinAsync("secret"),
                    "fail" => connection.JoinAsync(Hostile),
                    _ => ValueTask.CompletedTask,
                },
            });
        });

    private static void AssertIsOneLine(string text) => Assert.DoesNotContain(
        text,
        static c => char.IsControl(c) || c is '\u061C' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069'));
}

using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Tests.Http;

/// <summary>Clients that end their requests at any moment.</summary>
public class LostClientTests
{
    private const string Room = "/chat/lobby";

    [Theory]
    [InlineData("text/event-stream", "")]
    [InlineData("application/json", "?wait=60")]
    [InlineData("application/json", "?frames=1&wait=60&join=kitchen")]
    public async Task A_client_that_leaves_at_any_moment_leaves_nothing_behind(string accept, string query)
    {
        await using var server = await StartAsync();
        for (var i = 0; i < 100; i++)
        {
            using var leave = new CancellationTokenSource(TimeSpan.FromMilliseconds(i / 10.0));
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Room + query, UriKind.Relative));
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
            _ = await Record.ExceptionAsync(async () =>
            {
                using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
                await response.Content.ReadAsStringAsync(leave.Token);
            });
        }

        await Patience.UntilAsync(() => Count(server, 100) == Count(server, 101), "all connections have ended");
        Assert.DoesNotContain(server.Logs.Entries, static line => line.Level >= LogLevel.Information && line.Category.StartsWith("ChatKit", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Logs.Entries, static line => line.Level >= LogLevel.Warning);
    }

    [Theory]
    [InlineData("Content-Length: 100", "{\"data\":", false)]
    [InlineData("Content-Length: 100", "{\"data\":", true)]
    [InlineData("Transfer-Encoding: chunked", "8\r\n{\"data\":\r\n", false)]
    [InlineData("Transfer-Encoding: chunked", "8\r\n{\"data\":\r\n", true)]
    public async Task A_client_that_leaves_in_the_middle_of_a_body_is_no_failure_of_the_server(string header, string part, bool isReset)
    {
        await using var server = await StartAsync();
        using (var client = await server.ConnectRawAsync())
        {
            await client.SendAsync(Encoding.ASCII.GetBytes(
                $"POST {Room} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{header}\r\n\r\n{part}"));
            await Patience.UntilAsync(() => Count(server, 1) > 0, "the request has begun");
            if (isReset)
                client.Socket.LingerState = new System.Net.Sockets.LingerOption(true, 0);
        }

        await Patience.UntilAsync(() => Count(server, 2) > 0, "the request has ended");

        Assert.DoesNotContain(server.Logs.Entries, static line => line.Level >= LogLevel.Warning);
    }

    /// <summary>The number of connections that have begun (100) or ended (101), or of requests that have begun (1) or ended (2).</summary>
    private static int Count(ChatServer server, int id) => server.Logs.Entries.Count(line => line.Id == id
        && (id >= 100 || line.Category == "Microsoft.AspNetCore.Hosting.Diagnostics"));

    private static Task<ChatServer> StartAsync() => ChatServer.StartAsync(
        Script.Broadcasting, static options => (options.Transports, options.AllowClientJoins) = (ChatTransports.All, true));
}

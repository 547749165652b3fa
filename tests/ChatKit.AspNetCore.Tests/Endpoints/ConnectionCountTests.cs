using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Claims;
using System.Text;
using ChatKit.AspNetCore.Endpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.AspNetCore.Tests.Endpoints;

/// <summary>The limits of connections per endpoint and per user.</summary>
public class ConnectionCountTests
{
    private const int EndpointFull = 340;
    private const int UserFull = 341;

    public static TheoryData<string> WaysToEnd => ["close", "reset", "refuse", "throw in open", "throw", "handler", "excess", "fault"];

    [Fact]
    public async Task A_connection_over_the_limit_is_answered_with_503_until_another_has_ended()
    {
        await using var server = await StartAsync(new Script(), static options => options.MaxConnections = 2);
        await using var first = await server.ConnectAsync("/chat/lobby");
        await using (await server.ConnectAsync("/chat/lobby"))
        {
            using var raw = await server.ConnectRawAsync();
            var head = await raw.RequestAsync(RawClient.Handshake("/chat/lobby"));
            Assert.StartsWith("HTTP/1.1 503", head, StringComparison.Ordinal);
            Assert.Contains("Retry-After: 5\r\n", head, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("text/plain", head, StringComparison.Ordinal);
            await IsFullAsync(server, "/chat/lobby");
            await first.SendAsync("still here");
            Assert.Equal("still here", await first.ReceiveAsync());
        }

        await using var next = await ConnectSoonAsync(server, "/chat/lobby");
        await next.SendAsync("hi");
        Assert.Equal("hi", await next.ReceiveAsync());
        Assert.Single(server.Logs.Entries, static e => e is { Id: EndpointFull, Level: LogLevel.Warning });
    }

    [Fact]
    public async Task A_request_that_is_not_a_handshake_does_not_count()
    {
        await using var server = await StartAsync(new Script(), static options => options.MaxConnections = 1);
        for (var i = 0; i < 5; i++)
        {
            using var raw = await server.ConnectRawAsync();
            Assert.StartsWith("HTTP/1.1 426", await raw.RequestAsync("GET /chat/lobby HTTP/1.1\r\nHost: localhost\r\n\r\n"), StringComparison.Ordinal);
            foreach (var without in new[] { "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Upgrade" })
            {
                using var bad = await server.ConnectRawAsync();
                Assert.StartsWith("HTTP/1.1 4", await bad.RequestAsync(RawClient.Handshake("/chat/lobby", without: without)), StringComparison.Ordinal);
            }
        }

        await using var client = await server.ConnectAsync("/chat/lobby");
        await client.SendAsync("hi");
        Assert.Equal("hi", await client.ReceiveAsync());
    }

    [Theory]
    [MemberData(nameof(WaysToEnd))]
    public async Task A_connection_stops_counting_however_it_ends(string way)
    {
        var script = new Script
        {
            Open = connection => connection.GetHttpContext()!.Request.Query["way"].ToString() switch
            {
                "refuse" => connection.CloseAsync((WebSocketCloseStatus)4001),
                "throw in open" => throw new InvalidOperationException(),
                _ => default,
            },
            Message = static (connection, message) => message.Text == "throw" ? throw new InvalidOperationException() : connection.SendAsync(message.Text),
        };
        await using var server = await StartAsync(
            script,
            static options => (options.MaxConnections, options.MaxConnectionsPerUser, options.MaxMessagesPerSecond, options.MaxMessageBurst) = (1, 1, 0.001, 2),
            handler: way != "handler");
        for (var i = 0; i < 5; i++)
        {
            // While the previous connection still counts for its user, this one is accepted, and closed at once.
            bool wasOpen;
            do
            {
                using var client = await OpenSoonAsync(server, $"/chat/lobby?user=ann&way={Uri.EscapeDataString(way)}");
                wasOpen = await EndAsync(client, way);
            }
            while (!wasOpen);
        }

        using var last = await OpenSoonAsync(server, "/chat/lobby?user=ann");
    }

    [Fact]
    public async Task A_user_with_too_many_connections_receives_a_close_frame()
    {
        var script = Script.Broadcasting;
        await using var server = await StartAsync(script, static options => options.MaxConnectionsPerUser = 2);
        await using var first = await server.ConnectAsync("/chat/lobby?user=ann");
        await using var second = await server.ConnectAsync("/chat/lobby?user=ann");
        await using var bob = await server.ConnectAsync("/chat/lobby?user=bob");
        await Patience.UntilAsync(() => script.Calls.Count == 3, "three connections are open");

        using var third = await server.ConnectRawAsync();
        await third.OpenAsync("/chat/lobby?user=ann", ClientFrame.Of(ClientFrame.Text, "too eager"));
        var (opcode, payload) = await third.ReceiveFrameAsync();

        Assert.Equal(ClientFrame.Close, opcode);
        Assert.Equal((1013, "this user already has 2 connections"), ((payload[0] << 8) | payload[1], Encoding.UTF8.GetString(payload[2..])));
        await third.SendAsync(ClientFrame.Of(ClientFrame.Close, [0x03, 0xF5]));
        await third.ExpectEndAsync();
        await bob.SendAsync("hi");
        Assert.Equal(["hi", "hi", "hi"], [await first.ReceiveAsync(), await second.ReceiveAsync(), await bob.ReceiveAsync()]);
        Assert.Equal(["open", "open", "open"], script.Calls);
        Assert.Single(server.Logs.Entries, static e => e is { Id: UserFull, Level: LogLevel.Debug });
    }

    [Fact]
    public async Task A_client_that_does_not_answer_the_close_frame_is_disconnected()
    {
        await using var server = await StartAsync(new Script(), static options => options.MaxConnectionsPerUser = 1, closeTimeout: TimeSpan.FromMilliseconds(100));
        await using var first = await server.ConnectAsync("/chat/lobby?user=ann");
        using var second = await server.ConnectRawAsync();
        await second.OpenAsync("/chat/lobby?user=ann");
        Assert.Equal(1013, await second.ReceiveCloseAsync());

        await second.DrainAsync();
    }

    [Fact]
    public async Task Anonymous_clients_may_have_any_number_of_connections()
    {
        await using var server = await StartAsync(new Script(), static options => options.MaxConnectionsPerUser = 1);
        List<ChatClient> clients = [];
        for (var i = 0; i < 5; i++)
            clients.Add(await server.ConnectAsync("/chat/lobby"));

        foreach (var client in clients)
        {
            await client.SendAsync("hi");
            Assert.Equal("hi", await client.ReceiveAsync());
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_counts_are_right_after_many_concurrent_connections_have_ended()
    {
        const int Max = 6, PerUser = 2, Clients = 16, Rounds = 15;
        var (present, most) = (new ConcurrentDictionary<string, int>(), new ConcurrentQueue<(string User, int OfUser, int All)>());
        var all = 0;
        var script = new Script
        {
            Open = connection =>
            {
                most.Enqueue((connection.UserId!, present.AddOrUpdate(connection.UserId!, 1, static (_, n) => n + 1), Interlocked.Increment(ref all)));
                connection.Aborted.Register(() =>
                {
                    present.AddOrUpdate(connection.UserId!, 0, static (_, n) => n - 1);
                    Interlocked.Decrement(ref all);
                });
                return default;
            },
        };
        await using var server = await StartAsync(script, static options => (options.MaxConnections, options.MaxConnectionsPerUser) = (Max, PerUser));

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                using var raw = await server.ConnectRawAsync();
                var head = await raw.RequestAsync(RawClient.Handshake($"/chat/lobby?user={client % 4}"));
                if (round % 3 == 0)
                    raw.Reset();
                else if (round % 3 == 1 && head.StartsWith("HTTP/1.1 101", StringComparison.Ordinal))
                    await raw.SendAsync(ClientFrame.Of(ClientFrame.Close, ""));
            }
        }))).Soon();

        Assert.InRange(most.Max(static one => one.All), 1, Max);
        Assert.InRange(most.Max(static one => one.OfUser), 1, PerUser);
        List<ChatClient> last = [];
        for (var i = 0; i < Max; i++)
            last.Add(await ConnectSoonAsync(server, $"/chat/lobby?user={i / PerUser}"));
        foreach (var client in last)
        {
            await client.SendAsync("in");
            Assert.Equal("in", await client.ReceiveAsync());
        }

        await IsFullAsync(server, "/chat/lobby?user=9");
        foreach (var client in last)
            await client.DisposeAsync();
    }

    [Fact]
    public void Users_without_connections_use_no_memory_and_each_user_is_counted_separately()
    {
        var counts = new ConnectionCounts(null, 1);
        Assert.True(counts.TryEnter("ann"));
        Assert.False(counts.TryEnter("ann"));
        Assert.True(counts.TryEnter("bob"));
        counts.Leave("ann");
        Assert.True(counts.TryEnter("ann"));
        Assert.True(counts.TryEnter((string?)null));
        Assert.True(counts.TryEnter());
    }

    [Theory]
    [InlineData(0, null, "WebSocketEndpointOptions.MaxConnections is 0; it must be at least 1, or null for no limit.")]
    [InlineData(1, -1, "WebSocketEndpointOptions.MaxConnectionsPerUser is -1; it must be at least 1, or null for no limit.")]
    public void A_limit_below_1_is_invalid(int? max, int? maxPerUser, string problem) => Assert.Equal(
        [problem],
        Assert.Throws<OptionsValidationException>(
            new WebSocketEndpointOptions { MaxConnections = max, MaxConnectionsPerUser = maxPerUser }.Validate).Failures);

    /// <summary>Starts an application that takes the user from the query.</summary>
    private static Task<ChatServer> StartAsync(
        Script script, Action<WebSocketEndpointOptions> configure, bool handler = true, TimeSpan? closeTimeout = null) =>
        ChatServer.StartAsync(
            app =>
            {
                app.Use(static (context, next) =>
                {
                    if (context.Request.Query["user"] is [{ } user])
                        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user)], "test"));
                    return next(context);
                });
                app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}", configure);
            },
            builder =>
            {
                // Without this service, the handler cannot be created.
                if (handler)
                    builder.Services.AddSingleton(script);
                builder.Services.AddChatKit(options => options.CloseTimeout = closeTimeout ?? options.CloseTimeout);
            });

    /// <summary>Ends a connection. Returns false if the server has refused it, because the user had too many.</summary>
    private static async Task<bool> EndAsync(RawClient client, string way)
    {
        switch (way)
        {
            case "close":
                await client.SendAsync(ClientFrame.Of(ClientFrame.Close, ""));
                break;
            case "reset":
                client.Reset();
                return true;
            case "throw":
                await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "throw"));
                break;
            case "fault":
                await client.SendAsync(ClientFrame.Of(ClientFrame.Text, [0xC3, 0x28]));
                break;
            case "excess":
                for (var i = 0; i < 3; i++)
                    await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "hi"));
                break;
        }

        (int Opcode, byte[] Payload) frame;
        do
        {
            frame = await client.ReceiveFrameAsync();
        }
        while (frame.Opcode != ClientFrame.Close);
        if (frame.Payload is [0x03, 0xF5, ..])
            return false;

        await client.SendAsync(ClientFrame.Of(ClientFrame.Close, ""));

        // After a fault, the server parses no more frames. It reads for another second, unless the client shuts down sending.
        client.Socket.Shutdown(SocketShutdown.Send);
        await client.DrainAsync();
        return true;
    }

    private static async Task IsFullAsync(ChatServer server, string path)
    {
        using var response = await server.HandshakeAsync(path).Soon();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("reached its limit of", await response.Content.ReadAsStringAsync().Soon(), StringComparison.Ordinal);
    }

    /// <summary>Connects as soon as the previous connection no longer counts. Until then, the server responds with 503.</summary>
    private static async Task<RawClient> OpenSoonAsync(ChatServer server, string path)
    {
        RawClient? client = null;
        await Patience.UntilAsync(
            async () =>
            {
                client?.Dispose();
                client = await server.ConnectRawAsync();
                var head = await client.RequestAsync(RawClient.Handshake(path));
                Assert.Matches("^HTTP/1.1 (101|503)", head);
                return head.StartsWith("HTTP/1.1 101", StringComparison.Ordinal);
            },
            "another connection is allowed");
        return client!;
    }

    /// <summary>Connects as soon as the previous connections no longer count.</summary>
    private static async Task<ChatClient> ConnectSoonAsync(ChatServer server, string path)
    {
        ChatClient? client = null;
        await Patience.UntilAsync(
            async () =>
            {
                try
                {
                    client = await server.ConnectAsync(path);
                    return true;
                }
                catch (WebSocketException)
                {
                    return false;
                }
            },
            "another connection is allowed");
        return client!;
    }
}

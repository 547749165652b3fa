using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Connections;

/// <summary>The client receives the code of its fault: the close frame arrives, and no reset overtakes it.</summary>
public class LimitTests
{
    private const int Limit = 1000;

    [Fact]
    public async Task A_message_of_exactly_the_limit_is_handled_and_one_byte_more_closes_with_1009()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script, static options => options.MaxMessageSize = Limit);
        await using var client = await server.ConnectAsync("/chat/lobby");
        await client.SendAsync(new string('x', Limit));
        Assert.Equal(Limit, (await client.ReceiveAsync()).Length);

        await client.SendAsync(new string('x', Limit + 1));

        Assert.Equal(WebSocketCloseStatus.MessageTooBig, (await client.ReceiveCloseAsync()).Code);
        Assert.Equal((WebSocketCloseStatus.MessageTooBig, false), ((await script.Closed).Code, (await script.Closed).WasClean));
    }

    [Fact]
    public async Task A_client_that_is_still_sending_receives_the_code_too()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script, static options => options.MaxMessageSize = Limit);
        await using var client = await server.ConnectAsync("/chat/lobby");

        await client.SendAsync(new string('x', 1024 * 1024));
        await client.SendAsync("and another");

        Assert.Equal(WebSocketCloseStatus.MessageTooBig, (await client.ReceiveCloseAsync()).Code);
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, (await script.Closed).Code);
    }

    [Fact]
    public async Task A_message_in_many_fragments_counts_as_a_whole()
    {
        await using var server = await ChatServer.StartAsync(new Script(), static options => options.MaxMessageSize = Limit);
        await using var client = await server.ConnectAsync("/chat/lobby");

        for (var i = 0; i < 11; i++)
            await client.Socket.SendAsync(new byte[100], WebSocketMessageType.Binary, endOfMessage: i == 10, CancellationToken.None).Soon();

        Assert.Equal(WebSocketCloseStatus.MessageTooBig, (await client.ReceiveCloseAsync()).Code);
    }

    [Fact]
    public async Task The_server_ends_the_connection_soon_after_the_client_has_answered()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(
            app => app.MapWebSocketHandler<ScriptedHandler>("/msg"),
            builder =>
            {
                builder.Services.AddSingleton(script);
                builder.Services.AddChatKit(static options => options.CloseTimeout = TimeSpan.FromMinutes(1));
            });
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/msg");
        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, [0xC3, 0x28]));
        Assert.Equal(1007, await client.ReceiveCloseAsync());

        await client.SendAsync(ClientFrame.Of(ClientFrame.Close, [0x03, 0xEF]));

        await client.ExpectEndAsync();
        Assert.Equal(WebSocketCloseStatus.InvalidPayloadData, (await script.Closed).Code);
    }

    [Fact]
    public async Task A_client_that_exceeds_the_rate_is_closed_after_the_messages_within_the_rate_are_answered()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(
            script, static options => (options.MaxMessagesPerSecond, options.MaxMessageBurst) = (0.001, 20));
        await using var client = await server.ConnectAsync("/chat/lobby");

        for (var i = 0; i < 1000; i++)
            await client.SendAsync($"{i}");

        Assert.Equal(Enumerable.Range(0, 20).Select(static i => $"{i}"), await client.ReceiveAsync(20));
        Assert.Equal((WebSocketCloseStatus.PolicyViolation, "too many messages"), await client.ReceiveCloseAsync());
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, (await script.Closed).Code);
    }

    [Fact]
    public async Task A_flood_of_pings_with_unread_pongs_is_answered_in_part_and_the_last_ping_always()
    {
        // The system buffers are small, but not so small that reading takes longer than the server waits for a sign of life.
        const int Pings = 50_000, AtOnce = 1000, Buffer = 64 * 1024;
        await using var server = await ChatServer.StartAsync(
            static app => app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}"),
            static builder =>
            {
                builder.Services.AddSingleton(new Script());
                builder.WebHost.UseSockets(static sockets => sockets.CreateBoundListenSocket = static endpoint =>
                {
                    var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
                    socket.SendBufferSize = Buffer;
                    return socket;
                });
            });
        using var client = await server.ConnectRawAsync();
        client.Socket.ReceiveBufferSize = Buffer;
        await client.OpenAsync("/chat/lobby");
        byte[] flood = [.. Enumerable.Repeat(ClientFrame.Of(ClientFrame.Ping, new string('x', 125)), AtOnce).SelectMany(static frame => frame)];

        // The server accepts all messages although the client reads nothing: the system holds some answers, and the server one.
        for (var i = 0; i < Pings / AtOnce; i++)
            await client.SendAsync(flood);
        await client.SendAsync(ClientFrame.Of(ClientFrame.Ping, "last"));

        var answers = 1;
        while (!(await client.ReceiveFrameAsync()).Payload.AsSpan().SequenceEqual("last"u8))
            answers++;
        Assert.InRange(answers, 2, Pings - 1);
    }

    [Fact]
    public async Task A_message_may_have_very_many_empty_fragments()
    {
        const int AtOnce = 20_000;
        await using var server = await ChatServer.StartAsync(new Script());
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");
        byte[] flood = [.. Enumerable.Repeat(ClientFrame.Of(0x0, [], final: false), AtOnce).SelectMany(static frame => frame)];
        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "whole"u8, final: false));

        for (var i = 0; i < 20; i++)
            await client.SendAsync(flood);
        await client.SendAsync(ClientFrame.Of(0x0, "!"));

        Assert.Equal("whole!", await client.ReceiveTextAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_sends_only_other_frames_than_messages_is_closed_as_idle(bool pings)
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script, static options => options.IdleTimeout = TimeSpan.FromMilliseconds(300));
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");
        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "hi"));
        Assert.Equal("hi", await client.ReceiveTextAsync());

        (int Opcode, byte[] Payload) frame;
        do
        {
            if (pings)
                await client.SendAsync(ClientFrame.Of(ClientFrame.Ping, ""));
            frame = await client.ReceiveFrameAsync();
        }
        while (frame.Opcode == ClientFrame.Pong);

        Assert.Equal(ClientFrame.Close, frame.Opcode);
        Assert.Equal((1000, "idle for 0.3 s"), ((frame.Payload[0] << 8) | frame.Payload[1], Encoding.UTF8.GetString(frame.Payload[2..])));
        await client.SendAsync(ClientFrame.Of(ClientFrame.Close, [0x03, 0xE8]));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, (await script.Closed).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_keeps_sending_and_reads_nothing_is_disconnected(bool direct)
    {
        var script = new Script { Message = static (connection, message) => message.Text == "fill" ? FillAsync(connection) : default };
        await using var server = await ChatServer.StartAsync(script, options =>
        {
            options.PingInterval = options.PingTimeout = TimeSpan.FromMilliseconds(200);
            options.DirectTransport = direct;
        });
        using var client = await server.ConnectRawAsync();
        client.Socket.ReceiveBufferSize = 4096;
        await client.OpenAsync("/chat/lobby");
        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "fill"));
        using var over = new CancellationTokenSource();

        // The client sends, but does not read.
        var talking = SendPongsAsync(client, over.Token);
        var close = await script.Closed;
        await over.CancelAsync();
        await talking;

        Assert.Equal(1006, (int)close.Code);
        Assert.Contains("has not read", Assert.IsType<TimeoutException>(close.Exception).Message, StringComparison.Ordinal);

        static async ValueTask FillAsync(WebSocketConnection connection)
        {
            try
            {
                while (true)
                    await connection.SendAsync(new string('x', 10_000));
            }
            catch (WebSocketClosedException)
            {
                // The server has disconnected the client.
            }
        }
    }

    [Fact]
    public async Task A_client_that_reads_nothing_and_whose_handler_never_returns_is_disconnected()
    {
        var script = new Script
        {
            Open = static connection =>
            {
                // The busy handler does not send.
                _ = Task.Run(async () =>
                {
                    while (true)
                        await connection.SendAsync(new string('x', 10_000));
                });
                return default;
            },
            Message = static async (connection, _) => await Task.Delay(Timeout.Infinite, connection.Aborted),
        };
        await using var server = await ChatServer.StartAsync(
            script, static options => options.PingInterval = options.PingTimeout = TimeSpan.FromMilliseconds(200));
        using var client = await server.ConnectRawAsync();
        client.Socket.ReceiveBufferSize = 4096;
        await client.OpenAsync("/chat/lobby");
        for (var i = 0; i < 30; i++)
            await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "more than is read ahead"));

        Assert.Equal(1006, (int)(await script.Closed).Code);
    }

    [Fact]
    public async Task A_handshake_that_takes_too_long_is_aborted()
    {
        await using var server = await ChatServer.StartAsync(
            static app => app.MapWebSocketHandler<ChatRoom>("/msg"),
            static builder => builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(1)));
        using var client = await server.ConnectRawAsync();

        var head = await client.RequestAsync("GET /msg HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n");

        Assert.StartsWith("HTTP/1.1 408", head, StringComparison.Ordinal);
        await client.DrainAsync();
    }

    [Fact]
    public async Task A_client_that_does_nothing_after_the_handshake_is_disconnected()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(
            script, static options => options.PingInterval = options.PingTimeout = TimeSpan.FromMilliseconds(100));
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");

        Assert.Equal(1006, (int)(await script.Closed).Code);
        await client.DrainAsync();
    }

    private static async Task SendPongsAsync(RawClient client, CancellationToken over)
    {
        try
        {
            while (!over.IsCancellationRequested)
            {
                await client.SendAsync(ClientFrame.Of(ClientFrame.Pong, ""));
                await Task.Delay(10, CancellationToken.None);
            }
        }
        catch (IOException)
        {
            // The server has disconnected the client.
        }
    }
}

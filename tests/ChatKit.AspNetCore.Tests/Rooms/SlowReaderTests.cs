using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Tests.Rooms;

/// <summary>
/// One member reads nothing, while fifty others receive everything, in order and without delay. The sender sends the next message only when
/// all of them have received the last one, so one delayed member would delay all.
/// </summary>
public class SlowReaderTests
{
    private const int Readers = 50;
    private const int Count = 400;
    private const int Size = 1000;
    private const int MemberBehind = 200;

    /// <summary>
    /// The requested system buffer on each side, in bytes. With what the system adds, it holds a third of all messages. With buffers as small as
    /// a page, each write would wait for an acknowledgement, which the other side delays by 40 ms.
    /// </summary>
    private const int Buffer = 32 * 1024;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_slow_reader_that_reads_again_gets_exactly_what_it_missed_from_history(bool epoll)
    {
        await using var server = await StartAsync(capacity: 1000, epoll);
        using var slow = await ConnectAsync(server);

        await SendToOthersAsync(server);
        Assert.Contains(server.Logs.Entries, static e => e is { Id: MemberBehind, Level: LogLevel.Debug });

        for (var i = 0; i < Count; i++)
            Assert.Equal(i, NumberOf(await slow.ReceiveTextAsync()));
        await slow.SendAsync(ClientFrame.Of(ClientFrame.Text, $"{Count}"));
        Assert.Equal(Count, NumberOf(await slow.ReceiveTextAsync()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_slow_reader_is_closed_with_the_number_of_missed_messages_if_the_history_is_too_short(bool epoll)
    {
        await using var server = await StartAsync(capacity: 10, epoll);
        using var slow = await ConnectAsync(server);

        await SendToOthersAsync(server);

        var (seen, close) = await ReadToEndAsync(slow);
        Assert.Equal(Enumerable.Range(0, seen.Count), seen);

        // The number that was gone when it had read enough to continue, or all that are gone in the end if it read nothing before.
        var missed = Assert.Single(Regex.Matches(close, "^1008 too slow: ([0-9]+) messages are no longer stored$")).Groups[1].Value;
        Assert.InRange(NumberOf(missed), 1, Count - 10 - seen.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_slow_reader_is_closed_if_there_is_no_history(bool epoll)
    {
        await using var server = await StartAsync(capacity: 0, epoll);
        using var slow = await ConnectAsync(server);

        await SendToOthersAsync(server);

        var (seen, close) = await ReadToEndAsync(slow);
        Assert.Equal(Enumerable.Range(0, seen.Count), seen);
        Assert.InRange(seen.Count, 1, Count - 1);
        Assert.Equal("1008 too slow: the outbound queue is full", close);
    }

    private static Task<ChatServer> StartAsync(int capacity, bool epoll) => ChatServer.StartAsync(
        app => app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}", options => (options.HistoryCapacity, options.OutboundQueueLimit) = (capacity, 16 * 1024)),
        builder =>
        {
            builder.Services.AddSingleton(new Script
            {
                Message = static (connection, message) =>
                    message.Text == "in?" ? connection.SendAsync("in!") : connection.BroadcastAsync(message.Text),
            });

            // Accepted sockets inherit the small buffer, so that the queue is soon full.
            builder.WebHost.UseSockets(static sockets => sockets.CreateBoundListenSocket = static endpoint =>
            {
                var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
                socket.SendBufferSize = Buffer;
                return socket;
            });
            if (epoll)
                builder.WebHost.UseChatKitSockets();
        });

    private static async Task<RawClient> ConnectAsync(ChatServer server)
    {
        var client = await server.ConnectRawAsync();
        client.Socket.ReceiveBufferSize = Buffer;
        await client.OpenAsync("/chat/lobby");

        // Messages are handled only once the client is in its room.
        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "in?"));
        Assert.Equal("in!", await client.ReceiveTextAsync());
        return client;
    }

    /// <summary>Broadcasts numbers, each as soon as all reading members have the last one.</summary>
    private static async Task SendToOthersAsync(ChatServer server)
    {
        var readers = await Task.WhenAll(Enumerable.Range(0, Readers).Select(async _ => await EnterAsync(server)));
        try
        {
            for (var i = 0; i < Count; i++)
            {
                var text = $"{i}".PadLeft(Size);
                await readers[i % Readers].SendAsync(text);
                foreach (var received in await Task.WhenAll(readers.Select(static reader => reader.ReceiveAsync())))
                    Assert.Equal(text, received);
            }
        }
        finally
        {
            foreach (var reader in readers)
                await reader.DisposeAsync();
        }
    }

    /// <summary>Connects a member that reads. The message that it sends on joining is only for itself.</summary>
    private static async Task<ChatClient> EnterAsync(ChatServer server)
    {
        var client = await server.ConnectAsync("/chat/lobby");
        await client.SendAsync("in?");
        while (await client.ReceiveAsync() != "in!")
        {
        }

        return client;
    }

    private static async Task<(List<int> Seen, string Close)> ReadToEndAsync(RawClient client)
    {
        List<int> seen = [];
        while (true)
        {
            var (opcode, payload) = await client.ReceiveFrameAsync();
            if (opcode == ClientFrame.Close)
                return (seen, $"{(payload[0] << 8) | payload[1]} {Encoding.UTF8.GetString(payload[2..])}");
            seen.Add(NumberOf(Encoding.UTF8.GetString(payload)));
        }
    }

    private static int NumberOf(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}

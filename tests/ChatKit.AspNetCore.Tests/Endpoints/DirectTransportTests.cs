using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Endpoints;

/// <summary>The layers of the server that a connection's frames pass, and that the frames arrive in all cases.</summary>
public class DirectTransportTests
{
    private const int Messages = 300;

    /// <summary>The eighth write sends a ping, the pong arrives with the next message, and the socket is used from then on.</summary>
    private const int MessagesBeforeSocket = 9;

    private readonly Script _script = new() { Message = static (connection, message) => connection.BroadcastAsync(message.Text) };
    private readonly ByteCount _written = new();

    [Fact]
    public async Task Without_middleware_in_between_the_socket_is_used()
    {
        await using var server = await StartWithPipeCountedAsync();
        using var client = await OpenAsync(server);

        await ExchangeAsync(client, MessagesBeforeSocket);
        var written = _written.Value;
        await ExchangeAsync(client, Messages);

        Assert.InRange(written, MessagesBeforeSocket - 1, long.MaxValue);
        Assert.Equal(written, _written.Value);
    }

    [Fact]
    public async Task Messages_sent_in_one_write_arrive_in_order_across_the_switch()
    {
        await using var server = await StartWithPipeCountedAsync();
        using var client = await OpenAsync(server);
        var texts = Enumerable.Range(0, Messages).Select(static i => $"{i} {new string('x', i * 10)}").ToList();

        var sending = client.SendAsync(texts.SelectMany(static text => ClientFrame.Of(ClientFrame.Text, text)).ToArray());

        foreach (var text in texts)
            Assert.Equal(text, await client.ReceiveTextAsync());
        await sending;
    }

    [Fact]
    public async Task ClientWebSocket_gets_everything_in_order_across_the_switch()
    {
        await using var server = await StartWithPipeCountedAsync();
        await using var client = await server.ConnectAsync("/chat/lobby");

        for (var i = 0; i < Messages; i++)
        {
            await client.SendAsync($"{i}");
            Assert.Equal($"{i}", await client.ReceiveAsync());
        }

        Assert.InRange(_written.Value, 1, Messages);
    }

    [Fact]
    public async Task A_client_that_never_answers_a_ping_gets_everything_through_the_pipe()
    {
        await using var server = await StartWithPipeCountedAsync(TimeProvider.System);
        using var client = await OpenAsync(server);
        client.AnswersPings = false;

        await ExchangeAsync(client, Messages);

        Assert.InRange(_written.Value, Payloads(Messages), long.MaxValue);
    }

    [Theory]
    [InlineData(Layer.Count)]
    [InlineData(Layer.Tls)]
    [InlineData(Layer.Count, Layer.Tls)]
    [InlineData(Layer.Tls, Layer.Count)]
    internal async Task Layers_in_between_see_all_bytes(params Layer[] layers)
    {
        using var certificate = SelfSigned.Create();
        await using var server = await StartAsync(static _ => { }, listen: options =>
        {
            foreach (var layer in layers)
            {
                if (layer == Layer.Tls)
                    options.UseHttps(certificate);
                else
                    options.Use(Count);
            }
        });
        using var client = await server.ConnectRawAsync(certificate);
        await client.OpenAsync("/chat/lobby");

        await ExchangeAsync(client, Messages);

        if (layers.Contains(Layer.Count))
            Assert.InRange(_written.Value, Payloads(Messages), long.MaxValue);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Middleware_that_wraps_the_upgraded_stream_sees_everything(bool direct)
    {
        await using var server = await StartAsync(
            app => app.Use((context, next) =>
            {
                var upgrade = context.Features.GetRequiredFeature<IHttpUpgradeFeature>();
                context.Features.Set<IHttpUpgradeFeature>(new CountedUpgrade(upgrade, _written));
                return next(context);
            }),
            direct);
        using var client = await OpenAsync(server);

        await ExchangeAsync(client, Messages);

        Assert.InRange(_written.Value, Payloads(Messages), long.MaxValue);
    }

    [Fact]
    public async Task The_option_turns_direct_writes_off()
    {
        await using var server = await StartWithPipeCountedAsync(direct: false);
        using var client = await OpenAsync(server);

        await ExchangeAsync(client, Messages);

        Assert.Equal(0, _written.Value);
    }

    [Fact]
    public async Task Nothing_follows_a_close_frame_that_is_written_when_a_probe_is_due()
    {
        await using var server = await StartWithPipeCountedAsync();
        using var client = await OpenAsync(server);
        await ExchangeAsync(client, MessagesBeforeSocket - 2);

        await (await _script.Opened).CloseAsync(WebSocketCloseStatus.NormalClosure);

        Assert.Equal(1000, await client.ReceiveCloseAsync());
        await client.SendAsync(ClientFrame.CloseWith(1000));
        await client.ExpectEndAsync();
    }

    [Fact]
    public async Task A_connection_that_the_server_aborts_on_the_socket_ends()
    {
        await using var server = await StartWithPipeCountedAsync();
        using var client = await OpenAsync(server);
        await ExchangeAsync(client, Messages);

        (await _script.Opened).GetHttpContext()!.Abort();

        await client.DrainAsync();
        await ExpectAbnormalEndAsync();
    }

    [Fact]
    public async Task A_connection_that_the_client_resets_on_the_socket_ends()
    {
        await using var server = await StartWithPipeCountedAsync();
        using var client = await OpenAsync(server);
        await ExchangeAsync(client, Messages);

        client.Reset();

        await ExpectAbnormalEndAsync();
    }

    [Fact]
    public async Task A_client_that_reads_nothing_on_the_socket_is_disconnected_by_an_abort()
    {
        await using var server = await StartWithPipeCountedAsync();
        using var client = await OpenAsync(server);
        await ExchangeAsync(client, MessagesBeforeSocket);
        var connection = await _script.Opened;

        // More than the system buffers hold, so that the write is in progress when the connection is aborted.
        await connection.SendAsync(new byte[20_000_000]);
        connection.GetHttpContext()!.Abort();

        await ExpectAbnormalEndAsync();
    }

    [Fact]
    public async Task A_server_that_stops_closes_connections_on_the_socket()
    {
        await using var server = await StartWithPipeCountedAsync();
        using var client = await OpenAsync(server);
        await ExchangeAsync(client, MessagesBeforeSocket);
        var written = _written.Value;

        var stopping = server.StopAsync();

        Assert.Equal(1012, await client.ReceiveCloseAsync());
        await client.SendAsync(ClientFrame.CloseWith(1012));
        await client.ExpectEndAsync();
        await stopping.Soon();
        Assert.Equal(1012, (int)(await _script.Closed).Code);
        Assert.Equal(["open", "close"], _script.Calls);
        Assert.Equal(written, _written.Value);
    }

    internal enum Layer
    {
        Count,
        Tls,
    }

    /// <summary>Counts the bytes in the pipe below HTTP, which bypass the HTTP stream, without the endpoint noticing.</summary>
    private Task<ChatServer> StartWithPipeCountedAsync(TimeProvider? clock = null, bool direct = true) => StartAsync(
        app => app.Use((context, next) =>
        {
            var transport = context.Features.GetRequiredFeature<IConnectionTransportFeature>();
            transport.Transport = CountedPipe.Unseen(transport.Transport, _written);
            return next(context);
        }),
        direct,
        clock);

    private Task<ChatServer> StartAsync(
        Action<WebApplication> use, bool direct = true, TimeProvider? clock = null, Action<ListenOptions>? listen = null) =>
        ChatServer.StartAsync(
            app =>
            {
                use(app);
                app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}", options => options.DirectTransport = direct);
            },
            builder => builder.Services.AddSingleton(_script).AddSingleton(clock ?? new StoppedClock()),
            listen);

    private ConnectionDelegate Count(ConnectionDelegate next) => connection =>
    {
        connection.Transport = new CountedPipe(connection.Transport, _written);
        return next(connection);
    };

    private static async Task<RawClient> OpenAsync(ChatServer server)
    {
        var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");
        return client;
    }

    /// <summary>Sends this many messages, each after the previous one was echoed.</summary>
    private static async Task ExchangeAsync(RawClient client, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await client.SendAsync(ClientFrame.Of(ClientFrame.Text, Text(i)));
            Assert.Equal(Text(i), await client.ReceiveTextAsync());
        }
    }

    private static string Text(int i) => $"message {i}";

    private static long Payloads(int count) => Enumerable.Range(0, count).Sum(static i => Text(i).Length);

    private async Task ExpectAbnormalEndAsync()
    {
        var close = await _script.Closed;
        Assert.Equal((1006, false), ((int)close.Code, close.WasClean));
        Assert.Equal(["open", "close"], _script.Calls);
    }
}

using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Connections;

/// <summary>What a client does wrong is told to it: the close frame arrives, and no reset overtakes it.</summary>
public class LimitTests
{
    private const int Limit = 1000;

    [Fact]
    public async Task A_message_of_exactly_the_limit_is_handled_and_one_byte_more_is_too_much()
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
    public async Task A_client_that_is_still_sending_is_told_too()
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
    public async Task A_client_that_answers_and_waits_for_the_server_to_end_the_connection_need_not_wait_long()
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
        await client.SendAsync(RawClient.Frame(RawClient.Text, [0xC3, 0x28]));
        Assert.Equal(1007, await client.ReceiveCloseAsync());

        await client.SendAsync(RawClient.Frame(RawClient.Close, [0x03, 0xEF]));

        await client.ExpectEndAsync();
        Assert.Equal(WebSocketCloseStatus.InvalidPayloadData, (await script.Closed).Code);
    }
}

using System.Net.WebSockets;
using System.Text;
using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Connections;

public class ConnectionMessageTests
{
    private const int Limit = 5000;

    private static readonly WebSocketConnectionOptions Limited = new() { MaxMessageSize = Limit };

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("é😀\0 漢字")]
    public async Task A_text_arrives_unchanged(string text)
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: Echo());

        await connection.Client.SendAsync(text);

        Assert.Equal(text, await connection.Client.ReceiveTextAsync());
        Assert.Equal(WebSocketMessageType.Text, Assert.Single(connection.Handler.Messages).Type);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    [InlineData(65_536)]
    public async Task Bytes_arrive_unchanged(int length)
    {
        var data = new byte[length];
        for (var i = 0; i < length; i++)
            data[i] = (byte)i;
        await using var host = new ChatHost();
        var connection = host.Connect(handler: Echo());

        await connection.Client.SendAsync(data);

        var echo = await connection.Client.ReceiveAsync();
        Assert.Equal(WebSocketMessageType.Binary, echo?.Type);
        Assert.Equal(data, echo?.Data.ToArray());
    }

    [Fact]
    public async Task Fragments_are_joined_even_if_they_split_a_character()
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: Echo());
        var bytes = Encoding.UTF8.GetBytes("é😀 and more");

        for (var i = 0; i < bytes.Length; i++)
            await connection.Client.SendAsync([bytes[i]], WebSocketMessageType.Text, last: false);
        await connection.Client.SendAsync([], WebSocketMessageType.Text, last: true);

        Assert.Equal("é😀 and more", await connection.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task Empty_fragments_make_an_empty_message()
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: Echo());

        await connection.Client.SendAsync([], WebSocketMessageType.Text, last: false);
        await connection.Client.SendAsync([], WebSocketMessageType.Text, last: false);
        await connection.Client.SendAsync([], WebSocketMessageType.Text, last: true);

        Assert.Equal("", await connection.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_ping_between_fragments_is_answered_and_does_not_affect_the_message()
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: Echo());

        await connection.Client.SendFrameAsync(0x1, "he"u8, final: false);
        await connection.Client.SendFrameAsync(0x9, "ping"u8);
        await connection.Client.SendFrameAsync(0x0, "llo"u8);

        Assert.Equal("ping", (await connection.Client.ReceiveFrameAsync()).Text);
        Assert.Equal("hello", (await connection.Client.ReceiveFrameAsync()).Text);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(4096)]
    [InlineData(Limit)]
    public async Task A_message_of_exactly_the_limit_is_handled(int limit)
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: Echo(), options: new() { MaxMessageSize = limit });
        var text = new string('x', limit);

        await connection.Client.SendAsync(text);
        Assert.Equal(text, await connection.Client.ReceiveTextAsync());

        // The end is not known before the last, empty, fragment.
        await connection.Client.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, last: false);
        await connection.Client.SendAsync([], WebSocketMessageType.Text, last: true);
        Assert.Equal(text, await connection.Client.ReceiveTextAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(4096)]
    [InlineData(Limit)]
    public async Task A_message_of_one_byte_more_than_the_limit_closes_with_1009(int limit)
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: Echo(), options: new() { MaxMessageSize = limit });
        await connection.Client.SendAsync(new string('x', limit + 1));
        await connection.Client.SendAsync("never handled"[..1]);

        Assert.Equal((1009, "message too big"), await connection.Client.ReceiveCloseAsync());
        connection.Client.Disconnect();
        await connection.Ended.Soon();
        Assert.Equal(["open", "close"], connection.Handler.Calls);
        var close = await connection.Handler.Closed;
        Assert.Equal((1009, "message too big", false), ((int)close.Code, close.Reason, close.WasClean));
        Assert.IsType<WebSocketException>(close.Exception);
    }

    [Fact]
    public async Task An_endless_message_closes_with_1009()
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: Echo(), options: Limited);
        for (var i = 0; i < 200; i++)
            await connection.Client.SendAsync(new byte[1000], last: false);

        Assert.Equal(1009, (await connection.Client.ReceiveCloseAsync()).Code);
        connection.Client.Disconnect();
        await connection.Ended.Soon();
    }

    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { (byte)'a', 0xC3 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    public async Task A_text_that_is_not_utf8_closes_with_1007(byte[] text)
    {
        await using var host = new ChatHost();
        var connection = host.Connect(handler: Echo());
        await connection.Client.SendAsync(text, WebSocketMessageType.Text);

        Assert.Equal(1007, (await connection.Client.ReceiveCloseAsync()).Code);
        connection.Client.Disconnect();
        await connection.Ended.Soon();
        var close = await connection.Handler.Closed;
        Assert.Equal((1007, false), ((int)close.Code, close.WasClean));
        Assert.IsType<WebSocketException>(close.Exception);
        Assert.Equal(["open", "close"], connection.Handler.Calls);
    }

    [Fact]
    public async Task Messages_before_a_fault_are_handled_and_answered_however_long_they_take()
    {
        var free = new TaskCompletionSource();
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler
        {
            Message = async (handler, message) =>
            {
                await free.Task;
                await handler.Send(message.Text);
            },
        });
        await connection.Client.SendAsync("a");
        await connection.Client.SendAsync("b");
        await connection.Client.SendAsync([0xFF], WebSocketMessageType.Text);
        await connection.WaitUntilHandledAsync("a");

        free.SetResult();

        Assert.Equal(["a", "b"], await connection.Client.ReceiveTextsAsync(2));
        Assert.Equal(1007, (await connection.Client.ReceiveCloseAsync()).Code);
        connection.Client.Disconnect();
        await connection.Ended.Soon();

        Assert.Equal(["open", "a", "b", "close"], connection.Handler.Calls);
    }

    [Theory]
    [InlineData(0x3, "a reserved opcode")]
    [InlineData(0x41, "a reserved bit")]
    [InlineData(0x0, "a continuation of nothing")]
    public async Task A_frame_that_violates_the_protocol_closes_with_1002(int opcode, string what)
    {
        await using var host = new ChatHost();
        var connection = host.Connect();
        await connection.Client.SendFrameAsync(opcode, "x"u8);

        Assert.True((await connection.Client.ReceiveFrameAsync()).Code == 1002, what);
        connection.Client.Disconnect();
        await connection.Ended.Soon();
        Assert.Equal(1002, (int)(await connection.Handler.Closed).Code);
    }

    [Fact]
    public async Task A_client_that_keeps_sending_after_a_fault_gets_the_close_frame_and_is_finally_disconnected()
    {
        await using var host = new ChatHost();
        var connection = host.Connect(buffer: 1024);
        await connection.Client.SendFrameAsync(0x3, "x"u8);
        for (var i = 0; i < 100; i++)
            await connection.Client.SendFrameAsync(0x1, new byte[100]);

        Assert.Equal(1002, (await connection.Client.ReceiveFrameAsync()).Code);
        await Patience.UntilAsync(
            () =>
            {
                host.Clock.Advance(TimeSpan.FromSeconds(1));
                return connection.Ended.IsCompleted;
            },
            "the connection is aborted");
        Assert.Equal(1002, (int)(await connection.Handler.Closed).Code);
    }

    private static ScriptedHandler Echo() => new()
    {
        Message = static (handler, message) =>
            message.Type == WebSocketMessageType.Text ? handler.Send(message.Text) : handler.Send(message.Data),
    };
}

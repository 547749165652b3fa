using System.Net.WebSockets;
using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Connections;

public class ConnectionSendTests
{
    [Fact]
    public async Task Messages_arrive_in_the_order_they_were_sent()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();
        for (var i = 0; i < 1000; i++)
            await connection.Handler.Send($"{i}");

        Assert.Equal(Enumerable.Range(0, 1000).Select(static i => $"{i}"), await connection.Client.ReceiveTextsAsync(1000));
    }

    [Fact]
    public async Task Bytes_are_copied_before_SendAsync_returns()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();
        byte[] data = [1, 2, 3];
        var sent = connection.Handler.Send(data);
        data[0] = 9;
        await sent;

        Assert.Equal([1, 2, 3], (await connection.Client.ReceiveAsync())?.Data.ToArray());
    }

    [Fact]
    public async Task Sending_waits_while_the_queue_is_full()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync(options: new() { OutboundQueueLimit = 4096 }, buffer: 1024);
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
                await connection.Handler.Send(new string((char)('a' + (i % 26)), 1000));
        });

        var texts = await connection.Client.ReceiveTextsAsync(200);

        await sending.Soon();
        Assert.Equal(Enumerable.Range(0, 200).Select(static i => (char)('a' + (i % 26))), texts.Select(static text => text[0]));
    }

    [Fact]
    public async Task A_large_message_for_a_slow_client_waits_without_spinning()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync(options: new() { OutboundQueueLimit = 4096 }, buffer: 512);
        await connection.Handler.Send(new string('a', 1000));

        // Fills neither half of the limit nor fits: must return, not go round and round on this thread.
        var sending = connection.Handler.Send(new string('b', 4000)).AsTask();
        Assert.False(sending.IsCompleted);

        Assert.Equal("ab", string.Concat((await connection.Client.ReceiveTextsAsync(2)).Select(static text => text[0])));
        await sending.Soon();
    }

    [Fact]
    public async Task Sending_on_a_closed_connection_throws()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();
        await connection.Handler.CloseConnection(4001);
        await Assert.ThrowsAsync<WebSocketClosedException>(() => connection.Handler.Send("late").AsTask());
        await Assert.ThrowsAsync<WebSocketClosedException>(() => connection.Handler.Send(new byte[1]).AsTask());

        connection.Client.Disconnect();
        await connection.Ended.Soon();

        await Assert.ThrowsAsync<WebSocketClosedException>(() => connection.Handler.Send("later").AsTask());
    }

    [Fact]
    public async Task A_send_that_waits_throws_when_the_client_disconnects()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync(options: new() { OutboundQueueLimit = 1024 }, buffer: 512);
        await connection.Handler.Send(new string('a', 2000));
        var sending = connection.Handler.Send("waits").AsTask();
        Assert.False(sending.IsCompleted);

        connection.Client.Stream.Reset();

        await Assert.ThrowsAsync<WebSocketClosedException>(sending.Soon);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_send_that_is_canceled_while_the_queue_is_full_sends_nothing(bool text)
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync(options: new() { OutboundQueueLimit = 1024 }, buffer: 512);
        using var cancel = new CancellationTokenSource();
        await connection.Handler.Send(new string('a', 2000));
        var canceled = text
            ? connection.Handler.Send("canceled", cancel.Token).AsTask()
            : connection.Handler.Send("canceled"u8.ToArray(), cancel.Token).AsTask();
        var patient = connection.Handler.Send("patient").AsTask();
        Assert.False(canceled.IsCompleted);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(canceled.Soon);
        Assert.False(patient.IsCompleted);
        Assert.Equal(2000, (await connection.Client.ReceiveTextAsync()).Length);
        await patient.Soon();
        await connection.Handler.Send("end");
        Assert.Equal(["patient", "end"], await connection.Client.ReceiveTextsAsync(2));
    }

    [Fact]
    public async Task A_send_with_a_canceled_token_sends_nothing()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();
        var canceled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.Handler.Send("text", canceled).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.Handler.Send("bytes"u8.ToArray(), canceled).AsTask());

        await connection.Handler.Send("end");
        Assert.Equal("end", await connection.Client.ReceiveTextAsync());
    }

    [Theory]
    [InlineData(999)]
    [InlineData(1005)]
    [InlineData(1006)]
    [InlineData(1015)]
    [InlineData(5000)]
    public async Task A_close_code_that_may_not_be_sent_is_rejected(int code)
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();

        var refusal = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => connection.Handler.CloseConnection(code).AsTask());

        Assert.Equal(("status", code), (refusal.ParamName, refusal.ActualValue));
        await connection.Handler.Send("still open");
    }

    [Fact]
    public async Task A_close_reason_of_more_than_123_bytes_is_rejected()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();
        var longest = new string('r', 121) + "é";

        var refusal = await Assert.ThrowsAsync<ArgumentException>(
            () => connection.Handler.CloseConnection(WebSocketCloseStatus.NormalClosure, longest + "r").AsTask());
        Assert.Equal("reason", refusal.ParamName);

        await connection.Handler.CloseConnection(WebSocketCloseStatus.NormalClosure, longest);
        Assert.Equal((1000, longest), await connection.Client.ReceiveAndAnswerCloseAsync());
    }

    [Fact]
    public async Task Null_is_rejected()
    {
        await using var host = new ChatHost();
        var handler = (await host.EnterAsync()).Handler;

        await Assert.ThrowsAsync<ArgumentNullException>(() => handler.Send((string)null!).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => handler.Broadcast((string)null!).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => handler.Join(null!).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => handler.Leave(null!).AsTask());
    }
}

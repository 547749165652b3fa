using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Connections;

public class ConnectionPingTests
{
    private const int Ping = 0x9;
    private const int Pong = 0xA;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Pings_are_answered_while_the_handler_waits()
    {
        var free = new TaskCompletionSource();
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler { Message = async (_, _) => await free.Task });
        for (var i = 0; i < 10; i++)
            await connection.Client.SendFrameAsync(0x1, "busy"u8);
        await connection.WaitUntilHandledAsync("busy");

        for (var i = 0; i < 3; i++)
        {
            await connection.Client.SendFrameAsync(Ping, [(byte)i]);
            var pong = await connection.Client.ReceiveFrameAsync();
            Assert.Equal((Pong, i), (pong.Opcode, pong.Payload[0]));
        }

        free.SetResult();
    }

    [Fact]
    public async Task Pings_are_answered_while_the_handler_blocks_its_thread()
    {
        using var free = new ManualResetEventSlim();
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler { Message = (_, _) => Block(free) });
        await connection.Client.SendFrameAsync(0x1, "busy"u8);
        await connection.WaitUntilHandledAsync("busy");

        await connection.Client.SendFrameAsync(Ping, "there?"u8);

        var pong = await connection.Client.ReceiveFrameAsync();
        free.Set();
        Assert.Equal((Pong, "there?"), (pong.Opcode, pong.Text));
    }

    [Fact]
    public async Task Pings_are_answered_while_the_handler_blocks_its_thread_and_messages_wait()
    {
        using var free = new ManualResetEventSlim();
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler { Message = (_, _) => Block(free) });
        await connection.Client.SendFrameAsync(0x1, "busy"u8);
        await connection.WaitUntilHandledAsync("busy");
        for (var i = 0; i < 10; i++)
            await connection.Client.SendFrameAsync(0x1, "waits"u8);

        await connection.Client.SendFrameAsync(Ping, "there?"u8);

        var pong = await connection.Client.ReceiveFrameAsync();
        free.Set();
        Assert.Equal((Pong, "there?"), (pong.Opcode, pong.Text));
    }

    [Fact]
    public async Task A_client_that_answers_no_ping_is_disconnected()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync(options: new() { PingInterval = Interval, PingTimeout = Interval / 2 });

        host.Clock.Advance(Interval);
        Assert.Equal(Ping, (await connection.Client.ReceiveFrameAsync()).Opcode);
        Assert.False(connection.Handler.Closed.IsCompleted);
        host.Clock.Advance(Interval / 2);

        var close = await connection.Handler.Closed.Soon();
        Assert.Equal((1006, false), ((int)close.Code, close.WasClean));
        Assert.IsType<TimeoutException>(close.Exception);
        await connection.Ended.Soon();
    }

    [Fact]
    public async Task A_client_that_answers_pings_stays_connected()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync(options: new() { PingInterval = Interval, PingTimeout = Interval });
        for (var i = 0; i < 5; i++)
        {
            host.Clock.Advance(Interval);
            Assert.Equal(Ping, (await connection.Client.ReceiveFrameAsync()).Opcode);
            await connection.Client.SendFrameAsync(Pong, []);

            // Frames are read in order: once this is handled, so is the pong.
            await connection.Client.SendFrameAsync(0x1, [(byte)('a' + i)]);
            await connection.WaitUntilHandledAsync($"{(char)('a' + i)}");
        }

        Assert.False(connection.Handler.Closed.IsCompleted);
    }

    [Fact]
    public async Task An_infinite_interval_disables_pings()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync(options: new() { PingInterval = Timeout.InfiniteTimeSpan });

        host.Clock.Advance(TimeSpan.FromDays(2));
        await connection.Handler.Send("still there");

        Assert.Equal("still there", (await connection.Client.ReceiveFrameAsync()).Text);
    }

    private static ValueTask Block(ManualResetEventSlim until)
    {
        Assert.True(until.Wait(Patience.Limit));
        return ValueTask.CompletedTask;
    }
}

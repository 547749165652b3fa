using ChatKit.Connections;
using ChatKit.Connections.Transport;
using ChatKit.Tests.Fixtures;
using ChatKit.WebSockets;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Tests.Connections;

public sealed class KeepAliveTests : IKeptAlive, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _clock = new();
    private readonly ManualStream _written = new();
    private readonly List<Exception> _dead = [];
    private readonly List<TimeSpan> _idle = [];
    private OutboundQueue? _outbound;
    private KeepAlive? _keepAlive;

    public void Dispose() => _keepAlive?.Dispose();

    [Fact]
    public async Task A_silent_client_is_pinged()
    {
        Start();
        _clock.Advance(Interval - TimeSpan.FromTicks(1));
        Assert.False(_written.HasNext);

        _clock.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(WebSocketFrame.Ping.ToArray(), (await _written.NextAsync()).Bytes);
    }

    [Fact]
    public async Task A_client_that_sends_is_pinged_only_after_an_interval_of_silence()
    {
        Start();
        _clock.Advance(Interval / 2);
        _keepAlive!.OnData();
        _clock.Advance(Interval / 2);
        Assert.False(_written.HasNext);

        _clock.Advance(Interval / 2);

        await NextPingAsync();
    }

    [Fact]
    public async Task A_client_that_answers_no_ping_is_dead()
    {
        Start();
        _clock.Advance(Interval);
        await NextPingAsync();
        _clock.Advance(PingTimeout - TimeSpan.FromTicks(1));
        Assert.Empty(_dead);

        _clock.Advance(TimeSpan.FromTicks(1));

        Assert.Contains("5 s", Assert.IsType<TimeoutException>(Assert.Single(_dead)).Message);
    }

    [Theory]
    [InlineData(20, 5)]
    [InlineData(5, 20)]
    [InlineData(5, 5)]
    public async Task Any_received_bytes_count_as_an_answer(int interval, int timeout)
    {
        Start(TimeSpan.FromSeconds(interval), TimeSpan.FromSeconds(timeout));
        for (var i = 0; i < 5; i++)
        {
            while (!_written.HasNext)
                _clock.Advance(TimeSpan.FromSeconds(1));
            await NextPingAsync();
            _clock.Advance(TimeSpan.FromSeconds(timeout - 1));
            _keepAlive!.OnData();
        }

        Assert.Empty(_dead);
        _clock.Advance(TimeSpan.FromSeconds(interval + timeout));
        _clock.Advance(TimeSpan.FromSeconds(interval + timeout));
        Assert.Single(_dead);
    }

    [Fact]
    public async Task An_immediate_answer_counts_even_if_the_check_runs_late()
    {
        Start();
        _clock.Advance(Interval);
        await NextPingAsync();
        _keepAlive!.OnData();

        // The check sees a silence of no less than the timeout.
        _clock.Advance(PingTimeout);
        Assert.Empty(_dead);

        _clock.Advance(Interval - PingTimeout);
        await NextPingAsync();
    }

    [Fact]
    public async Task A_silent_client_is_not_dead_while_the_handler_is_busy()
    {
        Start();
        _keepAlive!.IsPaused = true;
        _clock.Advance(Interval);
        Assert.Empty(_dead);

        // Pinged all the same: what cannot be written tells that the client is gone.
        for (var i = 0; i < 3; i++)
        {
            await NextPingAsync();
            _clock.Advance(Interval);
        }

        await NextPingAsync();
        _keepAlive.IsPaused = false;
        _clock.Advance(Interval);
        await NextPingAsync();
        _clock.Advance(PingTimeout);
        Assert.Single(_dead);
    }

    [Fact]
    public async Task A_client_has_the_whole_timeout_to_answer_after_its_handler_was_busy()
    {
        Start();
        _clock.Advance(Interval);
        await NextPingAsync();
        _keepAlive!.IsPaused = true;
        _clock.Advance(PingTimeout - TimeSpan.FromTicks(1));

        // The answer has come meanwhile, and is about to be read.
        _keepAlive.IsPaused = false;
        _clock.Advance(TimeSpan.FromTicks(1));

        Assert.Empty(_dead);
    }

    [Fact]
    public void An_infinite_interval_sends_no_pings()
    {
        Start(Timeout.InfiniteTimeSpan);

        _clock.Advance(TimeSpan.FromDays(10));

        Assert.False(_written.HasNext);
        Assert.Empty(_dead);
    }

    [Fact]
    public void A_disposed_keep_alive_sends_no_pings()
    {
        Start();
        _keepAlive!.Dispose();

        _clock.Advance(Interval * 10);

        Assert.False(_written.HasNext);
        Assert.Empty(_dead);
    }

    [Theory]
    [InlineData(20, 5)]
    [InlineData(5, 20)]
    [InlineData(5, 5)]
    public async Task A_v1_client_gets_a_ping_every_interval_however_much_it_sends(int interval, int timeout)
    {
        Start(TimeSpan.FromSeconds(interval), TimeSpan.FromSeconds(timeout), ChatKitSubprotocol.V1);
        for (var i = 0; i < 5; i++)
        {
            for (var second = 1; second < interval; second++)
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                _keepAlive!.OnData();
                Assert.False(_written.HasNext);
            }

            _clock.Advance(TimeSpan.FromSeconds(1));
            await NextPingAsync(WebSocketFrame.TextOpcode);
        }

        Assert.Empty(_dead);
    }

    [Theory]
    [InlineData(20, 5)]
    [InlineData(5, 20)]
    [InlineData(5, 12)]
    public async Task A_silent_v1_client_is_dead_when_the_timeout_after_the_first_ping_ends(int interval, int timeout)
    {
        Start(TimeSpan.FromSeconds(interval), TimeSpan.FromSeconds(timeout), ChatKitSubprotocol.V1);
        for (var second = 1; second < interval + timeout; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            if (_written.HasNext)
                await NextPingAsync(WebSocketFrame.TextOpcode);
            Assert.Empty(_dead);
        }

        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Single(_dead);
    }

    [Fact]
    public async Task A_v1_client_whose_handler_is_busy_is_pinged_and_not_taken_for_dead()
    {
        Start(subprotocol: ChatKitSubprotocol.V1);
        _keepAlive!.IsPaused = true;
        for (var i = 0; i < 5; i++)
        {
            _clock.Advance(Interval);
            await NextPingAsync(WebSocketFrame.TextOpcode);
        }

        Assert.Empty(_dead);
    }

    [Fact]
    public void A_client_that_sends_but_receives_nothing_is_dead()
    {
        Start();
        _outbound!.TryEnqueue(Frame.OfText("never taken"));
        AdvanceWhileReceiving(Interval + PingTimeout);
        Assert.Empty(_dead);

        AdvanceWhileReceiving(TimeSpan.FromSeconds(1));

        Assert.Contains("has not read", Assert.IsType<TimeoutException>(Assert.Single(_dead)).Message);
    }

    [Fact]
    public void A_client_that_receives_nothing_is_dead_even_while_its_handler_is_busy()
    {
        Start();
        _keepAlive!.IsPaused = true;
        _outbound!.TryEnqueue(Frame.OfText("never taken"));

        _clock.Advance(Interval);
        _clock.Advance(PingTimeout + TimeSpan.FromSeconds(1));

        Assert.Single(_dead);
    }

    [Fact]
    public async Task A_client_that_receives_slowly_stays_alive()
    {
        Start();
        for (var i = 0; i < 20; i++)
        {
            _outbound!.TryEnqueue(Frame.OfText($"{i}"));
            AdvanceWhileReceiving(PingTimeout - TimeSpan.FromSeconds(1));
            (await _written.NextAsync()).Complete();
            await _outbound!.WaitUntilIdleAsync().Soon();
        }

        Assert.Empty(_dead);
    }

    [Fact]
    public void A_large_frame_may_take_as_long_as_a_slow_network_needs()
    {
        Start();
        _outbound!.TryEnqueue(Frame.OfText(new string('x', 16 * 1024 * 60)));
        AdvanceWhileReceiving(Interval + PingTimeout + TimeSpan.FromSeconds(59));
        Assert.Empty(_dead);

        AdvanceWhileReceiving(TimeSpan.FromSeconds(3));

        Assert.Single(_dead);
    }

    [Fact]
    public async Task A_client_need_not_answer_a_ping_that_is_queued_behind_a_large_frame()
    {
        Start();
        _outbound!.TryEnqueue(Frame.OfText(new string('x', 16 * 1024 * 60)));
        for (var second = 0; second < Interval.TotalSeconds + 60; second++)
            _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(_dead);

        (await _written.NextAsync()).Complete();
        await NextPingAsync();
        for (var second = 0; second < Interval.TotalSeconds + PingTimeout.TotalSeconds; second++)
            _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Contains("answered", Assert.Single(_dead).Message);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(-1)]
    public void A_client_that_sends_no_message_is_idle_however_much_else_it_sends(int ping)
    {
        StartIdle(ping);
        for (var second = 1; second < 30; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            _keepAlive!.OnData();
        }

        Assert.Empty(_idle);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([TimeSpan.FromSeconds(30)], _idle);
        Assert.Empty(_dead);
    }

    [Fact]
    public void Each_message_restarts_the_idle_timeout()
    {
        StartIdle();
        for (var i = 0; i < 5; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(29));
            _keepAlive!.OnData();
            _keepAlive.OnMessage();
            Assert.Empty(_idle);
        }

        _clock.Advance(TimeSpan.FromSeconds(30));

        Assert.Single(_idle);
    }

    [Fact]
    public void The_idle_timeout_does_not_run_while_the_handler_is_busy()
    {
        StartIdle();
        _keepAlive!.IsBusy = true;
        for (var i = 0; i < 10; i++)
            _clock.Advance(TimeSpan.FromSeconds(25));
        _keepAlive.IsBusy = false;
        _clock.Advance(TimeSpan.FromSeconds(30) - TimeSpan.FromTicks(1));
        Assert.Empty(_idle);

        _clock.Advance(TimeSpan.FromTicks(1));

        Assert.Single(_idle);
    }

    private void StartIdle(int ping = -1) => Start(
        new WebSocketConnectionOptions
        {
            PingInterval = ping < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(ping),
            IdleTimeout = TimeSpan.FromSeconds(30),
        });

    /// <summary>Lets time pass in which the client sends something again and again.</summary>
    private void AdvanceWhileReceiving(TimeSpan time)
    {
        for (var second = 0; second < time.TotalSeconds; second++)
        {
            _keepAlive!.OnData();
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private void Start(TimeSpan? interval = null, TimeSpan? timeout = null, string? subprotocol = null) =>
        Start(new() { PingInterval = interval ?? Interval, PingTimeout = timeout ?? PingTimeout }, subprotocol);

    private void Start(WebSocketConnectionOptions options, string? subprotocol = null)
    {
        var info = new WebSocketConnectionInfo { Room = "room", Abort = static () => { }, Subprotocol = subprotocol };
        var transport = new WebSocketTransport(new StreamTransport(_written), info, options, _clock);
        _outbound = transport.Outbound;
        _keepAlive = new KeepAlive(transport, options, _clock, this);
        _keepAlive.Start();
    }

    void IKeptAlive.OnLost(Exception exception) => _dead.Add(exception);

    void IKeptAlive.CloseIdle(TimeSpan time) => _idle.Add(time);

    private async Task NextPingAsync(int opcode = WebSocketFrame.PingOpcode)
    {
        var write = await _written.NextAsync();
        Assert.Equal(opcode, Assert.Single(write.Frames).Opcode);
        write.Complete();
        await _outbound!.WaitUntilIdleAsync().Soon();
    }
}

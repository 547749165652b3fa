using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using ChatKit.Connections;
using ChatKit.Connections.Inbound;
using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Connections;

/// <summary>How fast a client may send. The rate is so low here that no message is given back while a test runs.</summary>
public class InboundRateTests
{
    private const int Burst = 5;
    private const int RateExceeded = 140;

    private static readonly WebSocketConnectionOptions Limited = new() { MaxMessagesPerSecond = 0.001, MaxMessageBurst = Burst };

    [Fact]
    public void The_burst_limits_how_many_messages_may_arrive_at_once()
    {
        using var rate = new InboundRate(0.001, Burst);

        Assert.Equal([true, true, true, true, true, false, false], Enumerable.Range(0, 7).Select(_ => rate.TryTake()));
    }

    /// <summary>The time in which the bucket of the next connection would have filled, and not so long that a client misses everything.</summary>
    [Theory]
    [InlineData(5, 10, 2)]
    [InlineData(100, 1, 0.01)]
    [InlineData(1, 100, 30)]
    [InlineData(0.001, 20, 30)]
    public void Retry_is_the_time_in_which_the_burst_refills_but_at_most_30_seconds(double rate, int burst, double seconds)
    {
        using var limited = new InboundRate(rate, burst);

        Assert.Equal(TimeSpan.FromSeconds(seconds), limited.Retry);
    }

    [Fact]
    public async Task The_rate_refills_in_fractions_of_a_second()
    {
        using var rate = new InboundRate(100, 1);
        Assert.True(rate.TryTake());
        Assert.False(rate.TryTake());

        // A hundredth of a second, and not a whole one, is the time for the next.
        await Patience.UntilAsync(rate.TryTake, "the rate allows another message");
    }

    [Fact]
    public void Rejected_messages_do_not_lower_the_rate()
    {
        // AuthorizeCalls more often than there are messages: the parts of a message that have been given back must not be lost. What is given back
        // while this gets no processor must not be, either, so more may come at once than in the time that it could have to wait.
        using var rate = new InboundRate(1000, 30_000);
        TakeAll();
        var start = Stopwatch.GetTimestamp();
        var taken = 0;
        TimeSpan elapsed;
        do
        {
            elapsed = Stopwatch.GetElapsedTime(start);
            taken += rate.TryTake() ? 1 : 0;
        }
        while (elapsed < TimeSpan.FromMilliseconds(500));
        taken += TakeAll();

        Assert.InRange(taken, elapsed.TotalMilliseconds / 5, Stopwatch.GetElapsedTime(start).TotalMilliseconds + 2);

        int TakeAll()
        {
            var all = 0;
            while (rate.TryTake())
                all++;
            return all;
        }
    }

    [Fact]
    public void Frames_that_are_no_message_count_together_as_one_message()
    {
        using var rate = new InboundRate(0.001, Burst);

        Assert.True(rate.TryTakeFrames((32 * Burst) + 31));
        Assert.False(rate.TryTakeFrames(1));
    }

    [Fact]
    public async Task Messages_within_the_limit_are_handled_and_those_beyond_it_are_not()
    {
        var free = new TaskCompletionSource();
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new() { Message = async (_, _) => await free.Task }, options: Limited);
        for (var i = 0; i < Burst + 3; i++)
            await connection.Client.SendAsync($"{i}");
        await connection.WaitUntilHandledAsync("0");

        free.SetResult();

        Assert.Equal((1008, "too many messages"), await connection.Client.ReceiveAndAnswerCloseAsync());
        await connection.Ended.Soon();
        Assert.Equal(["open", "0", "1", "2", "3", "4", "close"], connection.Handler.Calls);
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, (await connection.Handler.Closed).Code);
        Assert.Single(host.Logs.GetSnapshot(), static line => line.Id.Id == RateExceeded);
    }

    [Fact]
    public async Task A_v1_client_gets_the_ref_of_the_first_message_that_was_not_handled()
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async(
            new() { Message = static (handler, message) => handler.Broadcast(message.Text) }, options: Limited);
        for (var i = 0; i < Burst + 3; i++)
            await connection.Client.SendAsync($$"""{"type":"message","ref":"r-{{i}}","data":"{{i}}"}""");

        List<JsonObject> answers = [];
        while (answers.Count < Burst + 1)
        {
            var frame = await connection.Client.ReceiveJsonAsync();
            if ((string?)frame["type"] != "message")
                answers.Add(frame);
        }

        Assert.Equal([.. Enumerable.Repeat("ack", Burst), "error"], answers.Select(static frame => (string?)frame["type"]));
        Assert.Equal(["r-0", "r-1", "r-2", "r-3", "r-4", "r-5"], answers.Select(static frame => (string?)frame["ref"]));
        Assert.Equal(("rate_limited", 30), ((string?)answers[^1]["code"], (double?)answers[^1]["retry"]));
        Assert.Equal("Too many messages. Send this message and those after it on a new connection.", (string?)answers[^1]["text"]);
        Assert.DoesNotContain(answers[..^1], static answer => answer.ContainsKey("retry"));
        Assert.Equal((1008, "too many messages"), await connection.Client.ReceiveAndAnswerCloseAsync());
        var page = await host.History.ReadAsync("lobby", null, TestContext.Current.CancellationToken);
        Assert.Equal(["0", "1", "2", "3", "4"], page.Messages.Select(static message => message.Text));
    }

    [Fact]
    public async Task Frames_of_unknown_types_count_as_messages()
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async(options: Limited);

        for (var i = 0; i <= Burst; i++)
            await connection.Client.SendAsync($$"""{"type":"later","ref":"l-{{i}}"}""");

        var answers = await connection.Client.ReceiveJsonAsync(Burst + 1);
        Assert.Equal(
            [.. Enumerable.Range(0, Burst).Select(static i => $"l-{i} unsupported"), $"l-{Burst} rate_limited"],
            answers.Select(static answer => $"{answer["ref"]} {answer["code"]}"));
    }

    [Fact]
    public async Task Pong_frames_of_v1_do_not_count_as_messages()
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async(options: Limited);

        for (var i = 0; i < Burst * 3; i++)
            await connection.Client.SendAsync("""{"type":"pong"}""");
        await connection.WaitUntilEnteredV1Async();
    }

    [Theory]
    [InlineData(0x9)]
    [InlineData(0xA)]
    public async Task A_flood_of_control_frames_exceeds_the_limit(int opcode)
    {
        await using var host = new ChatHost();
        var connection = host.Connect(options: Limited);
        for (var i = 0; i < 32 * (Burst + 1); i++)
            await connection.Client.SendFrameAsync(opcode, []);

        Assert.Equal((1008, "too many messages"), await connection.Client.ReceiveCloseAsync());
    }

    [Fact]
    public async Task An_endless_message_of_empty_fragments_exceeds_the_limit()
    {
        await using var host = new ChatHost();
        var connection = host.Connect(options: Limited);
        await connection.Client.SendFrameAsync(0x1, [], final: false);
        for (var i = 0; i < 32 * (Burst + 1); i++)
            await connection.Client.SendFrameAsync(0x0, [], final: false);

        Assert.Equal((1008, "too many messages"), await connection.Client.ReceiveCloseAsync());
    }

    [Fact]
    public async Task Without_the_option_no_limit_applies()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();
        for (var i = 0; i < 1000; i++)
            await connection.Client.SendFrameAsync(0xA, []);
        for (var i = 0; i < 1000; i++)
            await connection.Client.SendAsync($"{i}");

        await connection.WaitUntilHandledAsync("999");
    }
}

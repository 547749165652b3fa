using ChatKit.Connections;
using ChatKit.Rooms;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Moq;

namespace ChatKit.Tests.Connections;

public class ConnectionDrainTests
{
    private const int Restarting = 1012;

    private static readonly TimeSpan WaveInterval = TimeSpan.FromMilliseconds(100);

    [Theory]
    [InlineData(100, 5000, 100)]
    [InlineData(250, 5000, 100)]
    [InlineData(600, 200, 300)]
    [InlineData(250, 0, 250)]
    public async Task Connections_are_closed_in_waves(int count, int drainTime, int wave)
    {
        await using var host = new ChatHost(options => options.DrainTime = TimeSpan.FromMilliseconds(drainTime));
        var connections = await EnterAsync(host, count);
        var closes = connections.Select(static connection => connection.Client.ReceiveAndAnswerCloseAsync()).ToArray();

        var stopping = host.StopAsync();

        for (var closed = Math.Min(wave, count); ; closed = Math.Min(closed + wave, count))
        {
            await Patience.UntilAsync(() => closes.Count(static close => close.IsCompleted) >= closed, $"{closed} are closed");

            // Nobody but the clock brings the next wave.
            Assert.Equal(closed, closes.Count(static close => close.IsCompleted));
            if (closed == count)
                break;
            Assert.False(stopping.IsCompleted);
            host.Clock.Advance(WaveInterval);
        }

        await stopping.Soon();
        Assert.All(await Task.WhenAll(closes), static close => Assert.Equal((Restarting, "the server is restarting"), close));
        Assert.All(connections, static connection => Assert.Equal(Restarting, (int)connection.Handler.Closed.Result.Code));
    }

    [Fact]
    public async Task A_wave_has_old_and_new_connections()
    {
        await using var host = new ChatHost();
        var connections = await EnterAsync(host, 300);
        var closes = connections.Select(static connection => connection.Client.ReceiveAndAnswerCloseAsync()).ToArray();
        using var enough = new CancellationTokenSource();

        var stopping = host.StopAsync(enough.Token);
        await Patience.UntilAsync(() => closes.Count(static close => close.IsCompleted) >= 100, "a wave is closed");

        Assert.Contains(closes[..150], static close => close.IsCompleted);
        Assert.Contains(closes[150..], static close => close.IsCompleted);
        await enough.CancelAsync();
        await stopping.Soon();
    }

    [Theory]
    [InlineData(5000, 5)]
    [InlineData(0, 1)]
    public async Task A_v1_client_gets_the_delay_before_reconnecting(int drainTime, double longest)
    {
        await using var host = new ChatHost(options => options.DrainTime = TimeSpan.FromMilliseconds(drainTime));
        var plain = await host.EnterAsync();
        var clients = new List<TestClient>();
        for (var i = 0; i < 64; i++)
            clients.Add((await host.EnterV1Async()).Connection.Client);

        var stopping = host.StopAsync();

        Assert.Equal((Restarting, "the server is restarting"), await plain.Client.ReceiveAndAnswerCloseAsync());
        var delays = new List<double>();
        foreach (var client in clients)
        {
            var restart = await client.ReceiveJsonAsync();
            Assert.Equal("restart", (string?)restart["type"]);
            delays.Add((double)restart["retry"]!);
            Assert.Null(await client.ReceiveAsync());
            Assert.Equal(Restarting, (int?)client.Socket.CloseStatus);
            await client.SendCloseAsync();
        }

        await stopping.Soon();
        Assert.All(delays, delay => Assert.InRange(delay, 0, longest));
        Assert.InRange(delays.Min(), 0, longest / 2);
        Assert.InRange(delays.Max(), longest / 2, longest);
    }

    [Fact]
    public async Task Queued_messages_are_sent_before_the_restart_frame_which_is_sent_even_if_the_queue_is_full()
    {
        await using var host = new ChatHost();
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var large = new string('x', 2000);
        var connection = await host.ConnectV1Async(
            new ScriptedHandler
            {
                Message = async (handler, _) =>
                {
                    await handler.Send(large);
                    sent.SetResult();
                },
            },
            options: new WebSocketConnectionOptions { OutboundQueueLimit = 1024 },
            buffer: 256);
        await connection.Client.ReceiveJsonUntilAsync("live");
        await connection.WaitUntilEnteredV1Async();
        var queue = ((ServerConnection)Assert.Single(host.Services.GetRequiredService<ConnectionRegistry>().Snapshot())).Outbound;
        await sent.Task.Soon();
        Assert.Equal(EnqueueResult.Full, queue.TryEnqueue(new byte[1]));

        var stopping = host.StopAsync();

        var frames = await connection.Client.ReceiveJsonUntilAsync("restart");
        Assert.Equal([large, "restart"], frames.Shorten());
        Assert.Equal(Restarting, (await connection.Client.ReceiveAndAnswerCloseAsync()).Code);
        await stopping.Soon();
    }

    [Fact]
    public async Task A_client_that_connects_while_the_host_stops_is_closed_at_once_and_gets_no_handler()
    {
        await using var host = new ChatHost();
        var before = await host.EnterAsync();
        var stopping = host.StopAsync();

        var plain = host.Connect();
        var v1 = await host.ConnectV1Async();

        Assert.Equal(Restarting, (await plain.Client.ReceiveAndAnswerCloseAsync()).Code);
        Assert.Equal("restart", (string?)(await v1.Client.ReceiveJsonAsync())["type"]);
        Assert.Equal(Restarting, (await v1.Client.ReceiveCloseAsync()).Code);
        Assert.Empty(plain.Handler.Calls);
        await before.Client.ReceiveAndAnswerCloseAsync();
        await before.Ended.Soon();
        Assert.False(stopping.IsCompleted);
        v1.Client.Disconnect();
        await stopping.Soon();
        Assert.Empty(v1.Handler.Calls);
    }

    [Fact]
    public async Task The_host_waits_for_a_client_that_does_not_answer_until_the_close_timeout()
    {
        await using var host = new ChatHost(static options => options.CloseTimeout = TimeSpan.FromSeconds(3));
        var connection = await host.EnterAsync();

        var stopping = host.StopAsync();
        Assert.Equal(Restarting, (await connection.Client.ReceiveCloseAsync()).Code);
        Assert.False(stopping.IsCompleted);
        host.Clock.Advance(TimeSpan.FromSeconds(3));

        await stopping.Soon();
        Assert.Equal((Restarting, false), ((int)(await connection.Handler.Closed).Code, (await connection.Handler.Closed).WasClean));
        Assert.DoesNotContain(host.Logs.GetSnapshot(), static record => record.Id.Id == 151);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_handler_that_hangs_does_not_delay_the_host_beyond_its_own_timeout(bool onClose)
    {
        var release = new TaskCompletionSource();
        await using var host = new ChatHost();
        var connection = host.Connect(handler: new ScriptedHandler
        {
            Message = (_, _) => new ValueTask(onClose ? Task.CompletedTask : release.Task),
            Close = (_, _) => new ValueTask(onClose ? release.Task : Task.CompletedTask),
        });
        await connection.WaitUntilEnteredAsync();
        using var hurry = new CancellationTokenSource();

        var stopping = host.StopAsync(hurry.Token);
        await connection.Client.ReceiveAndAnswerCloseAsync();
        Assert.False(stopping.IsCompleted);
        await hurry.CancelAsync();

        await stopping.Soon();
        Assert.Single(host.Logs.GetSnapshot(), static record => record.Id.Id == 151);
        Assert.False(connection.Ended.IsCompleted);
        release.SetResult();
        await connection.Ended.Soon();
        Assert.Equal(Restarting, (int)(await connection.Handler.Closed).Code);
    }

    [Fact]
    public async Task Connections_that_are_open_when_the_host_stops_waiting_are_aborted()
    {
        await using var host = new ChatHost();
        var connections = await EnterAsync(host, 250);
        using var hurry = new CancellationTokenSource();
        var stopping = host.StopAsync(hurry.Token);

        await hurry.CancelAsync();

        await stopping.Soon();
        await Task.WhenAll(connections.Select(static connection => connection.Ended)).Soon();
        Assert.All(connections, static connection => Assert.Equal((Restarting, false), CloseOf(connection)));

        static (int, bool) CloseOf(ChatConnection connection) =>
            ((int)connection.Handler.Closed.Result.Code, connection.Handler.Closed.Result.WasClean);
    }

    [Fact]
    public async Task A_message_sent_after_the_close_is_not_handled()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();

        var stopping = host.StopAsync();
        await connection.Client.SendAsync("too late");
        await connection.Client.ReceiveAndAnswerCloseAsync();

        await stopping.Soon();
        Assert.Equal(["open", "knock", "close"], connection.Handler.Calls);
    }

    [Fact]
    public async Task The_application_is_notified_of_stopping_before_any_connection_is_closed()
    {
        var lifetime = new Mock<IHostApplicationLifetime>();
        await using var host = new ChatHost(services: services => services.AddSingleton(lifetime.Object));
        var connection = await host.EnterAsync();
        var closedBefore = true;
        lifetime.Setup(static it => it.StopApplication()).Callback(
            () => closedBefore = ((ServerConnection)host.Services.GetRequiredService<ConnectionRegistry>().Snapshot().Single()).End.HasEnded);

        var stopping = host.StopAsync();
        await connection.Client.ReceiveAndAnswerCloseAsync();

        await stopping.Soon();
        lifetime.Verify(static it => it.StopApplication(), Times.Once);
        Assert.False(closedBefore);
    }

    [Fact]
    public async Task Stopping_only_the_hosted_service_drains_too_and_concurrent_stops_share_one_drain()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();
        var service = host.Services.GetServices<IHostedService>().Single();

        var first = service.StopAsync(CancellationToken.None);
        var second = host.StopAsync();

        Assert.False(first.IsCompleted || second.IsCompleted);
        Assert.Equal(Restarting, (await connection.Client.ReceiveAndAnswerCloseAsync()).Code);
        await Task.WhenAll(first, second).Soon();
    }

    [Fact]
    public async Task Stopping_without_connections_completes_at_once()
    {
        await using var host = new ChatHost();
        var gone = await host.EnterAsync();
        await gone.Client.SendCloseAsync();
        await gone.Ended.Soon();

        Assert.True(host.StopAsync().IsCompletedSuccessfully);
    }

    private static Task<ChatConnection[]> EnterAsync(ChatHost host, int count) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => host.EnterAsync(buffer: 1024)));
}

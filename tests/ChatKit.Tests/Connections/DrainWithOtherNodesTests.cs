using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatKit.Tests.Connections;

/// <summary>A node stops while other nodes go on, to which its clients can move.</summary>
public class DrainWithOtherNodesTests
{
    private const int Restarting = 1012;

    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_v1_client_is_served_until_it_leaves_and_then_the_drain_ends()
    {
        await using var host = Start();
        var plain = await host.EnterAsync();
        var (v1, _) = await host.EnterV1Async(new ScriptedHandler { Message = static (self, message) => self.Broadcast(message.Text) });

        var stopping = host.StopAsync();

        Assert.Equal(Restarting, (await plain.Client.ReceiveAndAnswerCloseAsync()).Code);
        var restart = await v1.Client.ReceiveJsonAsync();
        Assert.Equal("restart", (string?)restart["type"]);
        Assert.InRange((double)restart["retry"]!, 0, DrainTime.TotalSeconds / 2);
        await v1.Client.SendAsync("""{"type":"message","ref":"1","data":"still here"}""");
        var frames = new[] { await v1.Client.ReceiveJsonAsync(), await v1.Client.ReceiveJsonAsync() };
        Assert.Equal(["ack", "still here"], frames.Shorten().Order(StringComparer.Ordinal));
        await host.Broadcaster.BroadcastAsync("lobby", "and receiving");
        Assert.Equal("and receiving", (string?)(await v1.Client.ReceiveJsonAsync())["data"]);
        Assert.False(stopping.IsCompleted);

        await v1.Client.SendCloseAsync();

        await stopping.Soon();
        Assert.Equal((1000, true), ((int)(await v1.Handler.Closed).Code, (await v1.Handler.Closed).WasClean));
    }

    [Fact]
    public async Task A_client_that_stays_is_closed_when_the_time_is_over_and_told_only_once()
    {
        await using var host = Start();
        var (v1, _) = await host.EnterV1Async();

        var stopping = host.StopAsync();

        Assert.Equal("restart", (string?)(await v1.Client.ReceiveJsonAsync())["type"]);
        host.Clock.Advance(DrainTime - TimeSpan.FromMilliseconds(1));
        await host.Broadcaster.BroadcastAsync("lobby", "not yet");
        Assert.Equal("not yet", (string?)(await v1.Client.ReceiveJsonAsync())["data"]);
        host.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal((Restarting, "the server is restarting"), await v1.Client.ReceiveAndAnswerCloseAsync());
        await stopping.Soon();
    }

    [Fact]
    public async Task A_host_that_waits_no_longer_aborts_the_clients_that_stay()
    {
        await using var host = Start();
        var (v1, _) = await host.EnterV1Async();
        using var hurry = new CancellationTokenSource();
        var stopping = host.StopAsync(hurry.Token);
        Assert.Equal("restart", (string?)(await v1.Client.ReceiveJsonAsync())["type"]);

        await hurry.CancelAsync();

        await stopping.Soon();
        await v1.Ended.Soon();
        Assert.Equal(Restarting, (int)(await v1.Handler.Closed).Code);
    }

    /// <summary>There is no other node yet, or not anymore.</summary>
    [Fact]
    public async Task A_node_knows_whether_there_are_others()
    {
        await using var first = Start(countsNodes: true);
        var backplane = first.Backplane;
        await using var second = new ChatHost(services: services => services.AddSingleton(backplane));
        var joined = ((LossyBackplane)backplane).Subscriptions;
        foreach (var host in new[] { first, second })
            await host.Services.GetServices<IHostedService>().Single().StartAsync(TestContext.Current.CancellationToken);
        await Patience.UntilAsync(() => ((LossyBackplane)backplane).Subscriptions == joined + 2, "both nodes have joined");
        var (mover, _) = await first.EnterV1Async();
        var (last, _) = await second.EnterV1Async();

        var stopping = first.StopAsync();
        Assert.Equal("restart", (string?)(await mover.Client.ReceiveJsonAsync())["type"]);
        await first.Broadcaster.BroadcastAsync("lobby", "served");
        Assert.Equal("served", (string?)(await mover.Client.ReceiveJsonAsync())["data"]);
        await mover.Client.SendCloseAsync();
        await stopping.Soon();
        await first.DisposeAsync();
        stopping = second.StopAsync();

        Assert.Equal((Restarting, "the server is restarting"), await last.Client.ReceiveAndAnswerCloseAsync());
        await stopping.Soon();
    }

    private static ChatHost Start(bool countsNodes = false) => new(
        static options => options.DrainTime = DrainTime,
        services => services.AddSingleton<IBackplane>(
            provider => new LossyBackplane(provider.GetRequiredService<IMessageHistory>()) { CountsNodes = countsNodes }));
}

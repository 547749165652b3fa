using ChatKit.Backplane;
using ChatKit.History;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.Options;

namespace ChatKit.Tests.Backplane;

public class InProcessBackplaneTests : BackplaneContract
{
    private readonly InMemoryMessageHistory _history = new(Options.Create(new ChatKitOptions()), TimeProvider.System);

    protected override Task<(IBackplane One, IBackplane Other, IMessageHistory History)> CreateAsync()
    {
        var backplane = new InProcessBackplane(_history);
        return Task.FromResult<(IBackplane, IBackplane, IMessageHistory)>((backplane, backplane, _history));
    }

    protected override Task<(IBackplane One, IBackplane Other)> CreateFailingAsync()
    {
        var backplane = new InProcessBackplane(new FaultyHistory(_history) { Down = true }.Object);
        return Task.FromResult<(IBackplane, IBackplane)>((backplane, backplane));
    }

    [Fact]
    public async Task After_a_failure_publishing_goes_on()
    {
        var history = new FaultyHistory(_history) { Down = true };
        var backplane = new InProcessBackplane(history.Object);
        var subscriber = new RecordingSubscriber();
        await using var subscription = await backplane.SubscribeAsync("r", subscriber, default);
        await Assert.ThrowsAsync<HistoryUnavailableException>(() => backplane.PublishAsync("r", new(default, default, default), null, default).AsTask());
        history.Down = false;

        await backplane.PublishAsync("r", new(default, "x"u8.ToArray(), default), null, default).AsTask().Soon();

        Assert.Equal(["x"], subscriber.Texts);
    }
}

using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Redis;

public sealed class MetricsInRedisTests(RedisServer redis) : IClassFixture<RedisServer>, IDisposable
{
    private readonly TestMeters _meters = new();

    public void Dispose() => _meters.Dispose();

    [Fact]
    public async Task Storing_and_publishing_is_one_operation_and_counts_once()
    {
        var prefix = RedisHost.NewPrefix();
        await using var here = RedisNode.Start(redis.Configuration, prefix, _meters.AddTo);
        await using var there = RedisNode.Start(redis.Configuration, prefix);
        var (ann, bob) = (await here.EnterAsync("room"), await there.EnterAsync("room"));
        var stored = _meters.Collect("chatkit.messages.stored");
        var history = _meters.Collect<double>("chatkit.history.duration");
        var lag = _meters.Collect<double>("chatkit.backplane.lag");

        await here.Broadcaster.BroadcastAsync("room", "from here");
        await there.Broadcaster.BroadcastAsync("room", "from there");
        await ann.Client.ReceiveTextsAsync(2);
        await bob.Client.ReceiveTextsAsync(2);

        Assert.Equal(1, stored.Sum());
        Assert.Equal(["append"], history.GetMeasurementSnapshot().Select(static m => m.Tags["chatkit.operation"]));
        Assert.Equal(2, lag.GetMeasurementSnapshot().Count);
    }
}

using System.Diagnostics.Metrics;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace ChatKit.Tests.Diagnostics;

public sealed class ChatKitMetricsTests : IAsyncDisposable
{
    private readonly TestMeterFactory _meters = new();
    private readonly ChatHost _host;

    public ChatKitMetricsTests() => _host = new ChatHost(services: services => services.AddSingleton<IMeterFactory>(_meters));

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _meters.Dispose();
    }

    [Fact]
    public async Task Connections_are_counted_up_and_down_and_by_close_code()
    {
        var active = Collect("chatkit.connections.active");
        var closed = Collect("chatkit.connections.closed");
        var one = await _host.EnterAsync();
        await _host.EnterAsync();
        Assert.Equal(2, Sum(active));

        await one.Client.SendCloseAsync();
        await one.Ended.Soon();

        Assert.Equal(1, Sum(active));
        var measurement = Assert.Single(closed.GetMeasurementSnapshot());
        Assert.Equal((1L, 1000), (measurement.Value, (int)measurement.Tags["chatkit.close.code"]!));
    }

    [Fact]
    public async Task Messages_are_counted_when_received_and_for_each_member_they_are_delivered_to()
    {
        var received = Collect("chatkit.messages.received");
        var delivered = Collect("chatkit.messages.delivered");
        var one = await _host.EnterAsync();
        var other = await _host.EnterAsync();
        Assert.Equal(2, Sum(received));

        await one.Handler.Broadcast("to others", new BroadcastOptions { Audience = Audience.Others });
        await one.Handler.Broadcast("to both");
        await one.Client.ReceiveTextAsync();
        await other.Client.ReceiveTextsAsync(2);
        var third = await _host.EnterAsync();
        await third.Client.ReceiveTextsAsync(2);

        await Patience.UntilAsync(() => Sum(delivered) == 5, "3 live and 2 stored messages are counted");
    }

    [Fact]
    public async Task A_full_queue_is_counted()
    {
        var behind = Collect("chatkit.members.behind");
        var slow = await _host.EnterAsync(options: new() { OutboundQueueLimit = 1024 }, buffer: 512);

        await Patience.UntilAsync(
            async () =>
            {
                await slow.Handler.Broadcast(new string('x', 600));
                return Sum(behind) > 0;
            },
            "it is behind");
    }

    [Fact]
    public void The_meter_has_the_name_that_applications_are_told() => Assert.Equal("ChatKit", ChatKitTelemetry.MeterName);

    private static long Sum(MetricCollector<long> collector) => collector.GetMeasurementSnapshot().Sum(static m => m.Value);

    private MetricCollector<long> Collect(string instrument) => new(_meters, ChatKitTelemetry.MeterName, instrument);

    /// <summary>Meters of this test alone: a static meter would show what other tests do.</summary>
    private sealed class TestMeterFactory : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            options.Scope = this;
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(static meter => meter.Dispose());
    }
}

using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace ChatKit.Tests.Fixtures;

/// <summary>Meters of this test alone: a static meter would show what other tests do.</summary>
internal sealed class TestMeters : IMeterFactory
{
    private readonly List<Meter> _meters = [];

    /// <summary>Makes an application use these meters.</summary>
    public void AddTo(IServiceCollection services) => services.AddSingleton<IMeterFactory>(new Borrowed(this));

    /// <summary>Begins to collect what an instrument measures.</summary>
    public MetricCollector<T> Collect<T>(string instrument)
        where T : struct => new(this, ChatKitTelemetry.MeterName, instrument);

    public MetricCollector<long> Collect(string instrument) => Collect<long>(instrument);

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose() => _meters.ForEach(static meter => meter.Dispose());

    /// <summary>The test disposes of the meters, after the application.</summary>
    private sealed class Borrowed(TestMeters meters) : IMeterFactory
    {
        public Meter Create(MeterOptions options) => meters.Create(options);

        public void Dispose()
        {
        }
    }
}

internal static class MetricCollectorExtensions
{
    /// <summary>What a counter has counted, with a value of an attribute if one is named.</summary>
    public static long Sum(this MetricCollector<long> collector, object? attribute = null) =>
        collector.GetMeasurementSnapshot().Where(m => attribute is null || m.Tags.Values.Contains(attribute)).Sum(static m => m.Value);

    /// <summary>What somebody who collects now is told, with a value of an attribute if one is named.</summary>
    public static long Now(this MetricCollector<long> collector, object? attribute = null)
    {
        collector.Clear();
        collector.RecordObservableInstruments();
        return collector.Sum(attribute);
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;

namespace ChatKit.Tests.Fixtures;

/// <summary>
/// Records the spans of a room. Sources are known by their names, and other tests have some of the same name; so a test names a room of its own.
/// </summary>
internal sealed class Spans : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;
    private readonly string _room;

    public Spans(string room, ActivitySamplingResult sampling = ActivitySamplingResult.AllDataAndRecorded)
    {
        _room = room;
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == ChatKitTelemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => sampling,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Those that have ended, in the order in which they began.</summary>
    public Activity[] Ended =>
        [.. _ended.Where(span => (string?)span.GetTagItem("messaging.destination.name") == _room).OrderBy(static span => span.StartTimeUtc)];

    /// <summary>Waits until a span of some name has ended, or several.</summary>
    public async Task<Activity[]> WaitAsync(string name, int count = 1)
    {
        await Patience.UntilAsync(() => Named().Length >= count, $"{count} spans '{name}' have ended");
        return Named();

        Activity[] Named() => [.. Ended.Where(span => span.OperationName == name)];
    }

    public void Dispose() => _listener.Dispose();
}

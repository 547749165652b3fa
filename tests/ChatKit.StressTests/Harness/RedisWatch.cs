using System.Globalization;

namespace ChatKit.StressTests.Harness;

/// <summary>Monitors the memory of Redis, for its data and for its output buffers.</summary>
internal sealed class RedisWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly RedisServer _redis;
    private readonly Task _watching;
    private long _memory;
    private long _buffers;

    public RedisWatch(RedisServer redis)
    {
        _redis = redis;
        _watching = Task.Run(WatchAsync);
    }

    /// <summary>The peak memory of Redis, in bytes.</summary>
    public long PeakMemory => Interlocked.Read(ref _memory);

    /// <summary>The peak of the sampled output buffers of all clients, in bytes.</summary>
    public long PeakBuffers => Interlocked.Read(ref _buffers);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Interlocked.Exchange(ref _memory, Sum(await _redis.CallAsync("INFO memory"), "used_memory_peak:"));
            Interlocked.Exchange(ref _buffers, Math.Max(_buffers, Sum(await _redis.CallAsync("CLIENT LIST"), " omem=")));
            await Task.Delay(Interval, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Returns the sum of all numbers that follow a name.</summary>
    private static long Sum(string text, string name)
    {
        var sum = 0L;
        for (var at = text.IndexOf(name, StringComparison.Ordinal); at >= 0; at = text.IndexOf(name, at, StringComparison.Ordinal))
        {
            at += name.Length;
            var length = text.AsSpan(at).IndexOfAnyExceptInRange('0', '9');
            sum += long.Parse(text.AsSpan(at, length < 0 ? text.Length - at : length), CultureInfo.InvariantCulture);
        }

        return sum;
    }
}

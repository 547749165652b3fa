namespace ChatKit.TestKit.Client;

/// <summary>
/// Ends a wait for the server that takes too long. Only the time spent waiting counts, because the server may have sent something while the
/// application was busy.
/// </summary>
/// <param name="limit">The limit until the server has stated one.</param>
/// <param name="stop">Ends each wait.</param>
internal sealed class Silence(TimeSpan limit, CancellationToken stop) : IDisposable
{
    private readonly CancellationTokenSource _tooLong = CancellationTokenSource.CreateLinkedTokenSource(stop);

    public TimeSpan Limit { get; set; } = limit;

    /// <summary>Starts to wait. Returns a token that is canceled when it takes too long.</summary>
    public CancellationToken Begin()
    {
        _tooLong.CancelAfter(Limit);
        return _tooLong.Token;
    }

    public void End() => _tooLong.CancelAfter(Timeout.InfiniteTimeSpan);

    public void Dispose() => _tooLong.Dispose();
}

using System.Diagnostics.CodeAnalysis;

namespace ChatKit.Rooms;

/// <summary>
/// Limits how many pages of histories this node reads at a time. Reads run in the order of their requests. Each room requests one read at a
/// time, so no room blocks the others.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Its wait handle is never used.")]
internal sealed class PageReads
{
    /// <summary>Enough to keep the store busy. A page may have megabytes, and publishers share the connection with it.</summary>
    private const int AtOnce = 4;

    private readonly SemaphoreSlim _turns = new(AtOnce);

    public Task EnterAsync(CancellationToken cancellationToken = default) => _turns.WaitAsync(cancellationToken);

    public void Leave() => _turns.Release();
}
